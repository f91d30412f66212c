"""The fields for what a plan may say beside what each side gets: details, limits, budget, tiers, further rules."""

from django import forms
from django.utils.translation import gettext_lazy as _

from referrals.design import sayings
from referrals.manage.worth_fields import AmountField, CountriesField, WorthField
from rewards.plans import KINDS, MOST_EXPIRY_DAYS, MOST_HOLD_DAYS

SIDES = (("advocate", _("The advocate")), ("friend", _("The friend")))
PERIODS = (
    ("ever", _("in all")),
    ("day", _("a day")),
    ("month", _("a month")),
    ("year", _("a year")),
)
MEASURES = (
    ("", _("No tiers")),
    ("referrals", _("Recommendations that count")),
    ("revenue", _("What their orders come to")),
    ("points", _("Points earned")),
)


def details(prefix: str) -> dict[str, forms.Field]:
    """What is out of the ordinary about one benefit."""
    fields = {
        "minimum": AmountField(label=_("A share comes to at least"), help_text=_("Empty: no least.")),
        "maximum": AmountField(label=_("A share comes to at most"), help_text=_("Empty: no most.")),
        "hold_from": forms.ChoiceField(
            label=_("The days to wait begin"),
            choices=[("order", _("With the order")), ("capture", _("When its money has come"))],
            required=False,
        ),
        "expiry_days": forms.IntegerField(
            label=_("Days it can be used"), min_value=1, max_value=MOST_EXPIRY_DAYS, required=False,
            help_text=_("From when it is free. People are reminded 30 and 7 days before. Empty: for ever."),
        ),
        "needs_approval": forms.BooleanField(label=_("One of you says yes before it is free"), required=False),
        "cost": AmountField(label=_("Costs you"), help_text=_("Of a code, goods or a perk: it counts on the budget.")),
        "clawback": forms.ChoiceField(
            label=_("When the whole order is paid back"),
            choices=[("keep", _("They keep what they were given")), ("revoke_on_full_refund", _("It is taken back"))],
            required=False,
        ),
    }  # fmt: skip
    return {f"{prefix}_{name}": field for name, field in fields.items()}


def whole() -> dict[str, forms.Field]:
    """Budget, points, what is owed, and tiers: once for the whole plan."""
    return {
        "budget": AmountField(
            label=_("Budget"), help_text=_("The most that all rewards together may be worth. Empty: no limit.")
        ),
        "points_worth": AmountField(
            label=_("100 points are worth"), help_text=_("For the budget, and where rules are compared. Empty: 1.00.")
        ),
        "owed": forms.ChoiceField(
            label=_("When an order is paid back after its reward was spent"),
            choices=[("carry", _("It is taken off what they earn next")), ("write_off", _("It is let go of"))],
            required=False,
        ),
        "ladder_measure": forms.ChoiceField(label=_("Tiers are reached by"), choices=MEASURES, required=False),
        "ladder_period": forms.ChoiceField(
            label=_("Within"),
            choices=[
                ("rolling", _("The last so many months")),
                ("calendar", _("So many months of the calendar; a tier holds for as long again")),
            ],
            required=False,
        ),
        "ladder_months": forms.IntegerField(label=_("Months"), min_value=1, max_value=60, required=False),
        "ladder_steps": forms.CharField(
            label=_("The tiers"), required=False, max_length=4000,
            widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
            help_text=_("The lowest first, one a line: its name, what it takes, how many times the reward, what else."
                        " Such as “Gold: 10, 1.5x, a gift at Christmas”."),
        ),
    }  # fmt: skip


def cap(prefix: str) -> dict[str, forms.Field]:
    """One limit."""
    fields = {
        "most": forms.CharField(
            label=_("At most"), max_length=20, required=False, help_text=_("Empty: no such limit.")
        ),
        "counts": forms.ChoiceField(
            label=_("Counted in"),
            choices=[("rewards", _("a number of rewards")), ("worth", _("what they are worth"))],
            required=False,
        ),
        "period": forms.ChoiceField(label=_("How often"), choices=PERIODS, required=False),
        "whose": forms.ChoiceField(
            label=_("For"), choices=[("person", _("each person")), ("scheme", _("everybody together"))], required=False
        ),
        "side": forms.ChoiceField(label=_("Of what this side gets"), choices=SIDES, required=False),
    }
    return {f"{prefix}_{name}": field for name, field in fields.items()}


def rule(prefix: str) -> dict[str, forms.Field]:
    """One further rule, with the details of its benefit."""
    fields: dict[str, forms.Field] = {
        "name": forms.CharField(
            label=_("Name of the rule"), max_length=40, required=False,
            help_text=_("For yourselves, such as “tenth friend”. Empty: no such rule."),
        ),
        "side": forms.ChoiceField(label=_("Who gets it"), choices=SIDES, required=False),
        "kind": forms.ChoiceField(
            label=_("Kind"), choices=lambda: [("", _("Choose")), *((kind, sayings.KINDS[kind]) for kind in KINDS)],
            required=False,
        ),
        "worth": WorthField(label=_("How much"), help_text=_("12.50 for an amount, 10 % for a share of the order.")),
        "words": forms.CharField(label=_("In your words"), max_length=80, required=False),
        "hold": forms.IntegerField(label=_("Days to wait"), min_value=0, max_value=MOST_HOLD_DAYS, required=False),
        "pool": forms.ChoiceField(label=_("Pool of codes"), required=False),
        "goals": forms.MultipleChoiceField(
            label=_("Only for"),
            choices=[
                ("first_order", _("A first order")), ("renewal", _("A later order")),
                ("signup", _("A sign-up")), ("qualified_lead", _("A qualified enquiry")),
            ],
            required=False, widget=forms.CheckboxSelectMultiple,
        ),
        "at_least": AmountField(label=_("Only from this amount on")),
        "countries": CountriesField(
            label=_("Only for advocates who live in"),
            help_text=_("Two-letter codes such as NO, SE."),
        ),
        "tiers": forms.CharField(
            label=_("Only for these tiers"), max_length=400, required=False,
            help_text=_("By their names, commas between."),
        ),
        "nth": forms.IntegerField(
            label=_("Only the so many-th recommendation"), min_value=1, max_value=1_000_000, required=False,
            help_text=_("10 for the tenth that counts of an advocate."),
        ),
        "group": forms.CharField(
            label=_("Group"), max_length=40, required=False,
            help_text=_("Of one group only what is worth the most is given. Empty: that of the plain offer."),
        ),
    }  # fmt: skip
    return {f"{prefix}_{name}": field for name, field in fields.items()} | details(prefix)
