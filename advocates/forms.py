"""Forms in which people tell of themselves."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm as AccountChangePasswordForm
from allauth.account.forms import RequestLoginCodeForm as AccountRequestLoginCodeForm
from allauth.account.forms import ResetPasswordKeyForm as AccountResetPasswordKeyForm
from allauth.account.forms import SetPasswordForm as AccountSetPasswordForm
from allauth.account.forms import SignupForm as AccountSignupForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from allauth.socialaccount.forms import SignupForm as ProviderSignupForm
from babel.lists import format_list
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from advocates import joining, names, places, profiles
from advocates.models import Advocate, User
from brand import locales, pictures
from brand.models import Agreement
from spine import clock

ADVICE = _("At least 10 characters. A few words in a row are easy to keep.")


class JoiningFields(forms.Form):
    """What we ask of everybody who joins, whichever way they will sign in."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        validators=[names.validate_one_line, names.validate_visible],
    )
    account_already_exists: bool
    field_order = ["name", "email", "password1", "agreement", "agreement_version", "rules"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agreement = Agreement.current()
        self.asked = joining.asks(clock.now())
        if self.agreement or self.asked:
            self.fields["agreement"] = forms.BooleanField(
                label=self._agreeing(), error_messages={"required": _("Read it and tick the box to join.")}
            )
        if self.agreement:
            self.fields["agreement_version"] = forms.IntegerField(
                widget=forms.HiddenInput, initial=self.agreement.version
            )
        if self.asked:
            # Not required: whoever opened the form before there were rules is shown them, and not stopped for ever.
            self.fields["rules"] = forms.CharField(widget=forms.HiddenInput, initial=self._keys(), required=False)
        self.order_fields(self.field_order)

    def clean_agreement_version(self) -> int:
        """The version that was on the screen must still be the one in force."""
        version: int = self.cleaned_data["agreement_version"]
        if self.agreement is None or version != self.agreement.version:
            self._show_anew("agreement_version", str(self.agreement.version if self.agreement else ""))
            self.add_error("agreement", _("The user agreement has changed just now. Read it again, then join."))
        return version

    def clean_rules(self) -> list[str]:
        """The keys of what was on the screen, which must still be what is in force."""
        shown: str = self.cleaned_data["rules"]
        if shown != self._keys():
            self._show_anew("rules", self._keys())
            self.add_error("agreement", _("The rules have changed just now. Read them again, then join."))
        return shown.split()

    def _keys(self) -> str:
        return " ".join(asked.key for asked in self.asked)

    def _agreeing(self) -> SafeString:
        """What one agrees to, each with a link to it."""
        texts = [(asked.url, asked.label) for asked in self.asked]
        if self.agreement:
            texts.insert(0, (reverse("agreement"), gettext("the user agreement")))
        links = [format_html('<a href="{}" target="_blank">{}</a>', url, label) for url, label in texts]
        # Its parts are escaped already; only the words between them are added.
        joined = mark_safe(format_list(links, locale=locales.active()))  # noqa: S308
        return format_html(gettext("I agree to {texts}."), texts=joined)

    def _show_anew(self, name: str, value: str) -> None:
        """Let the form come back with what is in force now, for the next try to carry."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data[name] = value
        self.data = data

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Join; an email that is taken, even since a moment ago, gets the same answer and a letter that says so."""
        if not self.account_already_exists:
            try:
                return super().try_save(request)  # type: ignore[misc, no-any-return]
            except joining.EmailTaken:
                self.account_already_exists = True
        # Hashing a password takes time that could be measured from outside.
        make_password(self.cleaned_data.get("password1"))
        return super().try_save(request)  # type: ignore[misc, no-any-return]


class SignupForm(JoiningFields, AccountSignupForm):  # type: ignore[misc]
    """Joining with an email and a password, or a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password1" in self.fields:
            self.fields["password1"].help_text = ADVICE


class SocialSignupForm(JoiningFields, ProviderSignupForm):  # type: ignore[misc]
    """Joining with an account at another site."""


class NewPasswordFields(forms.Form):
    """A new password, typed twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = gettext("New password")
        self.fields["password1"].help_text = ADVICE
        self.fields["password2"].label = gettext("New password, once more")


class ChangePasswordForm(NewPasswordFields, AccountChangePasswordForm):
    """Another password in the place of the present one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = gettext("Present password")


class SetPasswordForm(NewPasswordFields, AccountSetPasswordForm):
    """A first password for somebody who signs in another way."""


class ResetPasswordForm(NewPasswordFields, AccountResetPasswordKeyForm):
    """A new password for somebody who forgot theirs."""


class RequestLoginCodeForm(AccountRequestLoginCodeForm):
    """Asking for a code by email."""

    def clean_email(self) -> str:
        """The email, checked as everywhere else before a letter goes to it."""
        get_adapter().clean_email(self.cleaned_data["email"])
        return super().clean_email()


class AddPasskeyForm(AddWebAuthnForm):
    """Adding a passkey, which signs in alone unless its owner says otherwise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = gettext("Name")
        passwordless = self.fields["passwordless"]
        passwordless.initial = True
        passwordless.label = gettext("Sign in with it alone, without a password")
        passwordless.help_text = gettext("Untick it for a key that cannot check who holds it.")


class UsernameField(forms.CharField):
    """A username, forgiving about capitals."""

    def to_python(self, value: Any) -> str:
        """The folded text."""
        return (super().to_python(value) or "").lower()


class ProfileForm(forms.ModelForm):
    """What one shows of oneself."""

    username = UsernameField(
        label=_("Username"),
        max_length=30,
        help_text=_("Part of your public addresses. Small letters, digits, - and _."),
        validators=Advocate._meta.get_field("username").validators,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    country = forms.ChoiceField(label=_("Country"), required=False)
    locale = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"))

    class Meta:
        model = Advocate
        fields = profiles.FIELDS
        labels = {
            "display_name": _("Name"),
            "bio": _("About you"),
            "is_named_to_friends": _("Show my name to friends who follow my link"),
        }
        help_texts = {
            "bio": _("A sentence or two. Everybody can read it."),
            "is_named_to_friends": _("Otherwise they read that a friend invites them."),
        }
        widgets = {"bio": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("country", [("", _("Not said")), *places.countries()])
        self._choose("locale", [("", _("As my browser asks")), *settings.LANGUAGES])
        self._choose("time_zone", places.time_zones())

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _get_validation_exclusions(self) -> set[str]:
        # Whether a username is free is known when it is saved, and not a moment earlier.
        return {*super()._get_validation_exclusions(), "username"}  # type: ignore[misc]


class PictureForm(forms.Form):
    """A picture of oneself."""

    picture = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG, WebP, GIF or HEIC, at most 10 MB. We cut out the middle square."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif,image/heic,image/heif"}),
        error_messages={"required": _("Choose a picture first.")},
    )

    def clean_picture(self) -> Any:
        """The picture, re-encoded."""
        try:
            return pictures.reencode(self.cleaned_data["picture"])
        except pictures.UnusablePicture as unusable:
            raise forms.ValidationError(unusable.detail, code=unusable.code) from unusable
