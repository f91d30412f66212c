"""Where allauth meets our people."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.contrib.auth.base_user import AbstractBaseUser
from django.forms import BaseForm
from django.http import Http404, HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from advocates import emails, joining, sealing
from advocates.models import User
from brand.models import Brand
from spine import clock
from spine.client_address import client_address, network


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up, sign-in and their emails."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed."),
        "email_too_long": _("An email has at most 254 characters."),
        "email_password_mismatch": _("That email and password don't belong together. Check both, or sign in by code."),
        "enter_current_password": _("That is not your present password."),
        "incorrect_code": _("That is not the code. Check it, or have a new one sent."),
        "incorrect_password": _("That is not your password."),
        "rate_limited": _("A code was sent a moment ago. Give it a few seconds to arrive."),
        "same_as_current": _("That is the one you have. Choose another."),
        "too_many_login_attempts": _("That was tried too often. Wait a few minutes, then start again."),
    }

    def save_user(self, request: HttpRequest, user: AbstractBaseUser, form: BaseForm, commit: bool = True) -> User:
        """Make the advocate and all that belongs to one; the password is hashed before the transaction begins."""
        assert isinstance(user, User)
        super().save_user(request, user, form, commit=False)
        joining.join(
            user,
            display_name=form.cleaned_data["name"],
            at=clock.now(),
            agreement=form.cleaned_data.get("agreement_version"),
            accepted=form.cleaned_data.get("rules", ()),
            cookies=request.COOKIES,
        )
        return user

    def clean_email(self, email: str) -> str:
        """The email, no longer than one can be."""
        if len(email) > 254:
            raise self.validation_error("email_too_long")
        return email

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the email down; a sweep sends it."""
        emails.send(template_prefix, to=email, context=context, at=clock.now())

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's network, never its whole address: allauth stores what it gets here and writes it in emails."""
        return network(client_address(request))


class MFAAdapter(DefaultMFAAdapter):
    """Second factors and passkeys."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _("This can't be removed: it is the last one that your account needs."),
        "cannot_generate_recovery_codes": _(
            "Add an authenticator app or a passkey first. Recovery codes stand in for it."
        ),
        "incorrect_code": _("That is not the code. Wait for the next one and try again."),
        "unverified_email": _("Confirm your email first."),
    }

    def _get_site_name(self) -> str:
        # Authenticator apps and browsers show it beside the account.
        return Brand.current().name

    def encrypt(self, text: str) -> str:
        """What an authenticator app and the recovery codes are computed from, as it is stored."""
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The same, to compute with."""
        return sealing.unseal(encrypted_text)

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002
        """A first name for a passkey, which its owner may change."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey %(number)d") % {"number": count + 1} if count else gettext("My passkey")


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-in by another provider."""

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> SocialApp:
        """The provider's keys; without them there is no such page."""
        try:
            app: SocialApp = super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist as hidden:
            raise Http404 from hidden
        return app

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Leave out addresses that the provider has not confirmed: they may be somebody else's."""
        sociallogin.email_addresses = [address for address in sociallogin.email_addresses if address.verified]

    def get_signup_form_initial_data(self, sociallogin: SocialLogin) -> dict[str, Any]:
        """What the provider told us, to be looked over by its owner."""
        told = sociallogin.account.extra_data
        name = told.get("name") or told.get("userinfo", {}).get("name") or ""
        return {**super().get_signup_form_initial_data(sociallogin), "name": str(name)[:60]}
