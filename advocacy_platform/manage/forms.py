"""What staff fill in."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from advocates.roles import ROLES
from customers.models import ApiKey
from customers.scopes import SCOPES
from referrals.fields import DayField

STEPS = (1, 7, 30, 90)


def role_choices() -> list[tuple[str, str]]:
    """Each role with what it is for."""
    return [(name, f"{role.label}: {role.purpose}") for name, role in ROLES.items()]


def kind_choices() -> list[tuple[str, str]]:
    """Each kind of key with where it may be kept."""
    kept = {
        ApiKey.Kind.SECRET: _("Secret: for a server, where nobody reads it."),
        ApiKey.Kind.PUBLISHABLE: _("Publishable: for a web page or an app, where anybody reads it."),
    }
    return [(kind.value, str(says)) for kind, says in kept.items()]


def scope_choices() -> list[tuple[str, str]]:
    """Each scope with what it is for."""
    return [(name, f"{name}: {scope.purpose}") for name, scope in SCOPES.items()]


class RolesField(forms.MultipleChoiceField):
    """One or more roles."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Roles"), choices=role_choices, **options)


class ReasonField(forms.CharField):
    """The words that the audit keeps with an act."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("Reason"),
            help_text=_("Kept in the audit, for whoever asks later."),
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 3}),
            **options,
        )


class InviteForm(forms.Form):
    """Whom to ask to join the staff, and as what."""

    email = forms.EmailField(label=_("Email"), max_length=254)
    roles = RolesField()
    reason = ReasonField(required=False)


class ChangeForm(forms.Form):
    """Which roles a member of the staff has from now on."""

    roles = RolesField()
    reason = ReasonField()


class RemoveForm(forms.Form):
    """Why somebody leaves the staff."""

    reason = ReasonField()


class MakeKeyForm(forms.Form):
    """What a new key is for."""

    name = forms.CharField(label=_("Name"), help_text=_("Which system uses it, such as “Our shop”."), max_length=80)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=kind_choices, widget=forms.RadioSelect, initial=ApiKey.Kind.SECRET
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        help_text=_("A publishable key can only have touches:write."),
        choices=scope_choices,
        widget=forms.CheckboxSelectMultiple,
    )


class RevokeKeyForm(forms.Form):
    """Why a key ends."""

    reason = ReasonField()


class ConnectForm(forms.Form):
    """Which shop to connect."""

    name = forms.CharField(
        label=_("Name"), help_text=_("As your team calls it, such as “Webshop” or “Harbour Street”."), max_length=100
    )


class LookUpForm(forms.Form):
    """Whom to look for."""

    search = forms.CharField(
        label=_("Name, email, code or order number"),
        help_text=_("An email as a whole, in any spelling; a code may be an old one."),
        max_length=254,
    )


class SuspendForm(forms.Form):
    """Why somebody takes no part for a while, or takes part again."""

    reason = ReasonField()


class AuditForm(forms.Form):
    """What past acts to look for."""

    actor = forms.CharField(label=_("Who"), required=False, max_length=254)
    verb = forms.CharField(label=_("Act"), required=False, max_length=80)
    subject = forms.CharField(label=_("To what"), required=False, max_length=254)
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Until"), required=False)


class MoveForm(forms.Form):
    """How many days the sandbox's clock jumps ahead."""

    days = forms.IntegerField(label=_("Another number of days"), min_value=1, max_value=3650)

    @property
    def step(self) -> timedelta:
        """The chosen step."""
        return timedelta(days=self.cleaned_data["days"])
