"""The app's entry in `INSTALLED_APPS`."""

from django.apps import AppConfig, apps
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate


class AdvocatesConfig(AppConfig):
    name = "advocates"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account.signals import email_confirmed

        from advocates import proof, roles

        # A signal is the only way in which the library tells that an address was proved.
        email_confirmed.connect(proof.take, dispatch_uid="advocates.proof")
        register(roles.check_permissions, Tags.models)
        # Permissions are made app by app; only after the last one are they all there to be handed out.
        last = [config for config in apps.get_app_configs() if config.models_module is not None][-1]
        post_migrate.connect(roles.sync_after_migrate, sender=last)
