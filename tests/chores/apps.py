from django.apps import AppConfig


class ChoresConfig(AppConfig):
    name = "tests.chores"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from advocacy_platform import celery
        from advocacy_platform.schedule import Sweep
        from tests.chores import chores

        celery.take_on({"chores.finish": Sweep(chores.finish, every=1, queue="default")})
