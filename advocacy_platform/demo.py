"""A small demo brand: what a newcomer meets on the first start, and who can sign in to it."""

import base64
import hashlib
import time
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from advocacy_platform import demo_catalogue, demo_program, demo_story
from advocates import joining, staff
from advocates.models import Advocate, User
from brand.models import Agreement, Brand
from spine.refusal import Refusal

PASSWORD = "coffee-for-everyone"  # noqa: S105 - known to everybody, and only ever on a developer's machine
AGREEMENT = """\
# What you agree to

- You tell people the truth about us, and that you may get something for it.
- You share your link with people who would want it, and you send no spam.
- We keep what you tell us safe, and erase it when you ask.
- Either of us may end this at any time. What you earned by then stays yours.
"""


class NotForRealPeople(Refusal):
    """The demo's passwords are known to everybody, so it is never loaded into a real site."""

    code = "demo_on_live_site"
    status = 403
    sentence = _("The demo brand is for development and the sandbox only.")


@dataclass(frozen=True)
class DemoPerson:
    """Somebody who can sign in to the demo; staff have a TOTP secret (base32) as well."""

    name: str
    email: str
    password: str
    role: str
    totp_secret: str | None = None

    @property
    def totp_code(self) -> str | None:
        """The six digits that this person's authenticator app would show now."""
        if self.totp_secret is None:
            return None
        return format_hotp_value(hotp_value(self.totp_secret, int(time.time()) // mfa_settings.TOTP_PERIOD))


def people() -> list[DemoPerson]:
    """Everybody who can sign in to the demo."""
    return [
        DemoPerson("Ada Lindqvist", "ada@example.com", PASSWORD, "admin", _secret("ada")),
        DemoPerson("Mika Tran", "mika@example.com", PASSWORD, "moderator", _secret("mika")),
        DemoPerson("Ben Okafor", "ben@example.com", PASSWORD, "ambassador"),
        DemoPerson("Cleo Marchetti", "cleo@example.com", PASSWORD, "advocate"),
    ]


def is_allowed() -> bool:
    """Whether this site is one on which the demo may stand."""
    return bool(settings.DEBUG or settings.SANDBOX)


@transaction.atomic
def load(at: datetime) -> bool:
    """Load the demo brand into an empty site; False, and nothing changed, if the site has a brand already.

    Raises NotForRealPeople outside development and the sandbox.
    """
    if not is_allowed():
        raise NotForRealPeople
    if Brand.objects.exists():
        return False
    since = at - demo_story.SINCE
    _load_brand(since)
    program = demo_program.load(since)
    demo_catalogue.load(program, since)
    for person in people():
        _load_person(person, since)
    demo_story.load(program, "ben@example.com", at)
    return True


def _load_brand(at: datetime) -> None:
    Brand.objects.create(
        pk=1,
        name="Halden Coffee",
        accent="#c8412f",
        headline="Good coffee travels by word of mouth.",
        introduction=(
            "You already tell people about us. Now they get a warm welcome when they come, and you get our thanks."
        ),
        sender_name="Halden Coffee",
        sender_address="hello@halden.example",
        support_address="help@halden.example",
        shop_url="https://halden.example/",
        terms_url="https://halden.example/terms",
        privacy_url="https://halden.example/privacy",
        imprint_url="https://halden.example/imprint",
        postal_address="12 Harbour Street, 1776 Halden, Norway",
    )
    Agreement.objects.create(version=1, text=AGREEMENT, published_at=at)


def _load_person(person: DemoPerson, at: datetime) -> None:
    user = User(email=person.email)
    user.set_password(person.password)
    accepted = [asked.key for asked in joining.asks(at)]
    advocate = joining.join(user, display_name=person.name, at=at, agreement=1, accepted=accepted)
    Advocate.objects.filter(pk=advocate.pk).update(country="NO", time_zone="Europe/Oslo")
    user.emailaddress_set.create(email=person.email, verified=True, primary=True)
    if person.totp_secret:
        staff.add(user, {"admin": ("admin", "program manager"), "moderator": ("moderator",)}[person.role])
        TOTP.activate(user, person.totp_secret)


def _secret(name: str) -> str:
    """A TOTP secret that is the same on every machine, so that an authenticator app set up once keeps working."""
    return base64.b32encode(hashlib.sha256(f"demo {name}".encode()).digest()[:20]).decode()
