"""The one thing that an advocate's home suggests to do next."""

from typing import NamedTuple

from allauth.mfa.models import Authenticator
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from advocates.models import Advocate, User


class Step(NamedTuple):
    """One suggestion: what, why, and the button that begins it."""

    title: str | Promise
    text: str | Promise
    action: str | Promise
    url: str


def suggest(user: User) -> Step | None:
    """What this person has not done yet, the most useful first; nothing once all is done."""
    advocate: Advocate | None = getattr(user, "advocate", None)
    if advocate and not (advocate.bio or advocate.avatar):
        return Step(
            _("Show who is speaking"),
            _("A picture or a sentence about you makes a recommendation sound like you, not like us."),
            _("Complete your profile"),
            reverse("profile"),
        )
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists():
        return Step(
            _("Sign in without a password"),
            _("A passkey unlocks your account the way you unlock your phone, and nobody can steal it from you."),
            _("Add a passkey"),
            reverse("mfa_add_webauthn"),
        )
    return None
