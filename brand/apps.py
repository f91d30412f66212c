"""The app's entry in `INSTALLED_APPS`."""

from django.apps import AppConfig


class BrandConfig(AppConfig):
    name = "brand"
    default_auto_field = "django.db.models.BigAutoField"
