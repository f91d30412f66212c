"""What the page of components is filled with: made-up content, as long and as awkward as real content gets."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms

from spine import clock


class Specimen(forms.Form):
    """One field of every kind."""

    name = forms.CharField(
        help_text="As your friends know you.", initial="Wilhelmine-Charlotte von Hohenlohe-Langenburg"
    )
    email = forms.EmailField(label="Email address")
    password = forms.CharField(widget=forms.PasswordInput, required=False)
    bio = forms.CharField(label="About you", widget=forms.Textarea, required=False)
    country = forms.ChoiceField(
        choices=[("", "Choose a country"), ("de", "Germany"), ("eg", "Egypt"), ("us", "United States")]
    )
    language = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=[("en", "English"), ("de", "Deutsch"), ("ar", "العربية")],
        help_text="For emails too.",
    )
    picture = forms.FileField(required=False, help_text="A square one looks best.")
    joined = forms.DateField(label="Customer since", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    colour = forms.CharField(label="Accent colour", widget=forms.TextInput(attrs={"type": "color"}), initial="#c8412f")
    topics = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, required=False, choices=[("news", "News"), ("early", "Early access")]
    )
    agreed = forms.BooleanField(label="I accept the user agreement")


def context() -> dict[str, Any]:
    """Everything that patterns.html shows."""
    at = clock.now()
    return {
        "form": Specimen(prefix="empty"),
        "wrong_form": Specimen({"wrong-email": "not an address"}, prefix="wrong"),
        "middle_page": SimpleNamespace(previous_cursor="b1", next_cursor="c2"),
        "first_page": SimpleNamespace(previous_cursor=None, next_cursor="c2"),
        "week": [("Mon", 4), ("Tue", 9), ("Wed", 7), ("Thu", 12), ("Fri", 18), ("Sat", 31), ("Sun", 22)],
        "month": [(f"{day} Nov", (day * 7) % 23 + day) for day in range(1, 31)],
        "history": [3, 4, 4, 6, 5, 9, 8, 12, 15],
        "instants": [
            at,
            at - timedelta(minutes=4),
            at - timedelta(hours=3),
            at - timedelta(days=2),
            at - timedelta(days=90),
        ],
        "rows": [
            ("Ben Okafor", "ok", "Paid", "$1,215"),
            ("Wilhelmine-Charlotte von Hohenlohe-Langenburg", "wait", "Free on 5 Dec", "$15"),
            ("Donaudampfschifffahrtsgesellschaftskapitän", "bad", "Taken back", "-$3.50"),
        ],
        "three_days_ago": at - timedelta(days=3),
    }
