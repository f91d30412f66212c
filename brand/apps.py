"""The app's entry in `INSTALLED_APPS`."""

from django.apps import AppConfig


class BrandConfig(AppConfig):
    name = "brand"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from anymail.signals import tracking

        from brand import bounces

        # A signal is the only way in which the library hands on what a provider's webhook told it.
        tracking.connect(bounces.take, dispatch_uid="brand.bounces")
