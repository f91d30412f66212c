"""What carries our mail, in words."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Transport:
    """How a message leaves, and whether it leaves at all."""

    sentence: str
    leaves: bool


def present() -> Transport:
    """What EMAIL_URL and EMAIL_BACKEND make of this process."""
    backend = settings.EMAIL_BACKEND
    if backend.startswith("anymail.backends."):
        provider = backend.split(".")[2].replace("_", " ").title()
        return Transport(_("Messages leave by the API of %(provider)s.") % {"provider": provider}, leaves=True)
    if backend == "django.core.mail.backends.smtp.EmailBackend":
        return Transport(_smtp(), leaves=True)
    return Transport(_("Nothing leaves this machine: messages are only written down."), leaves=False)


def _smtp() -> str:
    server = {"server": f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"}
    if settings.EMAIL_USE_SSL or settings.EMAIL_USE_TLS:
        return _("Messages leave by SMTP through %(server)s, encrypted on the way.") % server
    return _("Messages leave by SMTP through %(server)s, readable by whoever carries them there.") % server
