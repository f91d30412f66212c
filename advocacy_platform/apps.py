"""The app's entry in `INSTALLED_APPS`."""

from django.apps import AppConfig


class AdvocacyPlatformConfig(AppConfig):
    name = "advocacy_platform"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from advocacy_platform import celery, schedule

        celery.take_on(schedule.SWEEPS)
