"""What we write to people about their account."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from brand import mail
from brand.models import Message


@dataclass(frozen=True)
class Email:
    """One kind of email: its subject, the template that draws it and what the template says with it."""

    subject: Promise
    template: str
    text: Promise


def _code(subject: Promise, text: Promise) -> Email:
    return Email(subject, "account/code", text)


def _notice(subject: Promise, text: Promise) -> Email:
    return Email(subject, "account/notice", text)


# By the names under which allauth asks for them.
EMAILS: Mapping[str, Email] = {
    "account/email/email_confirmation_signup": _code(
        _("Confirm your email"), _("Welcome. Type this code where you signed up, and you are in:")
    ),
    "account/email/email_confirmation": _code(
        _("Confirm your email"), _("Type this code to confirm that this email is yours:")
    ),
    "account/email/login_code": _code(_("Your sign-in code"), _("Type this code to sign in:")),
    "account/email/password_reset_code": _code(
        _("Your code for a new password"), _("Type this code, then choose a new password:")
    ),
    "account/email/account_already_exists": Email(
        _("You already have an account"),
        "account/already_exists",
        _("Somebody, probably you, just tried to sign up with this email. It has an account already."),
    ),
    "account/email/unknown_account": Email(
        _("There is no account for this email"),
        "account/unknown",
        _("Somebody, probably you, just tried to sign in with this email. No account belongs to it."),
    ),
    "account/email/email_changed": _notice(
        _("Your email was changed"),
        _("You now sign in with another email. This one no longer belongs to your account."),
    ),
    "account/email/email_confirm": _notice(_("Your email is confirmed"), _("This email now belongs to your account.")),
    "account/email/email_deleted": _notice(
        _("An email was removed"), _("An email was removed from your account. You can't sign in with it any more.")
    ),
    "account/email/password_changed": _notice(
        _("Your password was changed"), _("The password of your account was changed.")
    ),
    "account/email/password_reset": _notice(
        _("Your password was changed"), _("The password of your account was changed, with a code sent to this email.")
    ),
    "account/email/password_set": _notice(_("You have a password"), _("Your account now has a password.")),
    "mfa/email/totp_activated": _notice(
        _("An authenticator app was added"), _("From now on, signing in asks for a code of your authenticator app.")
    ),
    "mfa/email/totp_deactivated": _notice(
        _("The authenticator app was removed"), _("Signing in no longer asks for a code of your authenticator app.")
    ),
    "mfa/email/recovery_codes_generated": _notice(
        _("You have new recovery codes"),
        _("New recovery codes were made for your account. The old ones stopped working."),
    ),
    "mfa/email/webauthn_added": _notice(
        _("A passkey was added"), _("A passkey was added to your account. It can be used to sign in.")
    ),
    "mfa/email/webauthn_removed": _notice(
        _("A passkey was removed"), _("A passkey was removed from your account. It no longer signs in.")
    ),
    "socialaccount/email/account_connected": _notice(
        _("A way to sign in was added"), _("An account at another site can now be used to sign in to yours.")
    ),
    "socialaccount/email/account_disconnected": _notice(
        _("A way to sign in was removed"), _("An account at another site can no longer be used to sign in to yours.")
    ),
}
# What allauth tells with them that a reader needs; never the request, which is no part of a letter.
_FACTS = ("code", "signup_url", "password_reset_url", "timestamp", "ip", "user_agent")


def send(name: str, *, to: str, context: Mapping[str, Any], at: datetime) -> Message | None:
    """Write down the email that allauth knows as `name`. Each call is one email: nobody asks twice for the same."""
    email = EMAILS[name]
    facts = {fact: context[fact] for fact in _FACTS if fact in context}
    return mail.enqueue(
        key=f"account:{uuid.uuid4()}",
        to=to,
        subject=str(email.subject),
        template=email.template,
        context={**facts, "lead": email.text},
        at=at,
    )
