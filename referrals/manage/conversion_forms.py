"""What staff fill in to find conversions and to decide what is stopped."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from referrals.fields import DayField, ReasonField
from referrals.models import Conversion, Program
from referrals.models.conversion import Side
from referrals.reasons import REASONS


def state_choices() -> list[tuple[str, Any]]:
    """Every state, and none in particular."""
    return [("", _("Any state")), *Conversion.State.choices]


def reason_choices() -> list[tuple[str, Any]]:
    """Every reason by its code, which is what the explanations print, and none in particular."""
    return [("", _("Any reason")), *((code, code) for code in REASONS)]


class FindForm(forms.Form):
    """Which conversions to list."""

    search = forms.CharField(label=_("Order, name or code"), required=False, max_length=255)
    program = forms.ChoiceField(label=_("Program"))
    state = forms.ChoiceField(label=_("State"), choices=state_choices, required=False)
    reason = forms.ChoiceField(label=_("Reason"), choices=reason_choices, required=False)
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Until"), required=False)

    def __init__(self, *args: Any, programs: Sequence[Program], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.programs = {program.slug: program for program in programs}
        field = self.fields["program"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(program.slug, program.name) for program in programs]

    def clean_program(self) -> Program:
        """The chosen program itself."""
        return self.programs[self.cleaned_data["program"]]


class VerdictForm(forms.Form):
    """A verdict on what waits of one decision, and why."""

    reason = ReasonField()
    sides = forms.MultipleChoiceField(label=_("Whose side"), widget=forms.CheckboxSelectMultiple)
    decision = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, sides: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["sides"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = sides
        field.initial = [side for side, _name in sides]

    @property
    def on(self) -> list[Side]:
        """The chosen sides."""
        return [Side(side) for side in self.cleaned_data["sides"]]
