"""The one form in which a program is designed, its fields grouped as one thinks of them."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.utils.translation import gettext_lazy as _

from advocates import places
from referrals.design import designing, sayings, summary
from referrals.manage.draft_initial import COLUMNS, CUSTOM, PLAIN, written
from referrals.manage.plan_form import Fold, PlanForm
from referrals.manage.program_forms import CurrencyField, web_page
from referrals.manage.worth_fields import (
    AmountField,
    CountriesField,
    HostsField,
    ParametersField,
    PrecedenceField,
    WorthField,
)
from referrals.models import Program
from referrals.terms import LINE_KINDS, PRESETS, BadTerms, Precedence, TermsDocument
from rewards.models import Pool
from rewards.plans import IN_WORDS, KINDS, MOST_HOLD_DAYS, Benefit, PlanDocument, Side
from spine import money

NOTHING = ("", gettext_lazy("Nothing"))
MOST = 1_000_000


def _choices(words: Mapping[str, Promise], keys: Iterable[str] | None = None) -> list[tuple[str, str]]:
    return [(key, _sentence(str(words[key]))) for key in keys or words]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _kinds() -> list[tuple[str, Any]]:
    return [NOTHING, *_choices(sayings.KINDS, KINDS)]


def _number(label: Any, least: int, most: int, *, required: bool = True, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, required=required, **options)


class DraftForm(forms.Form):
    """What the next terms and plan of a program say, and what of it holds at once."""

    GROUPS: ClassVar[tuple[tuple[str, tuple[str, ...]], ...]] = (
        (
            gettext_noop("What the friend gets"),
            ("friend_kind", "friend_worth", "friend_words", "friend_when", "friend_pool", "friend_hold"),
        ),
        (
            gettext_noop("What the advocate gets"),
            ("advocate_kind", "advocate_worth", "advocate_words", "advocate_hold"),
        ),
        (
            gettext_noop("Who counts"),
            ("new_customer", "lapsed_months", "window_days", "precedence", "groups", "pick", "countries"),
        ),
        (
            gettext_noop("What counts"),
            ("orders", "order_months", "signup", "qualified_lead", "minimum_order", "counts"),
        ),
        (gettext_noop("Limits"), ("cap_per_advocate", "cap_total")),
        (gettext_noop("Checks"), ("stop_at", "refuse_at", "second_pair_above")),
        (
            gettext_noop("Sharing: holds at once, without publishing"),
            ("name", "destination", "hosts", "utm", "share_text", "disclosure", "asks_consent"),
        ),
        (gettext_noop("Fixed once terms are published"), ("currency", "time_zone")),
    )

    friend_kind = forms.ChoiceField(label=_("Kind"), choices=_kinds, required=False)
    friend_worth = WorthField(label=_("How much"), help_text=_("12.50 for an amount, 10 % for a share of the order."))
    friend_words = forms.CharField(
        label=_("In your words"), max_length=80, required=False, help_text=_("Such as “a bag of beans”.")
    )
    friend_when = forms.ChoiceField(
        label=_("When"),
        choices=[
            ("before", _("Before they order")),
            ("after", _("After they ordered")),
        ],
        required=False,
        help_text=_("Before: the page behind the link hands out a code."),
    )
    friend_pool = forms.ChoiceField(
        label=_("Pool of codes"),
        required=False,
        help_text=_("Codes that your shop made beforehand, handed out one by one."),
    )
    friend_hold = _number(
        _("Days to wait"), 0, MOST_HOLD_DAYS, required=False, help_text=_("In case the order is sent back.")
    )
    advocate_kind = forms.ChoiceField(label=_("Kind"), choices=_kinds, required=False)
    advocate_worth = WorthField(label=_("How much"), help_text=_("12.50 for an amount, 10 % for a share of the order."))
    advocate_words = forms.CharField(
        label=_("In your words"), max_length=80, required=False, help_text=_("Such as “a bag of beans”.")
    )
    advocate_hold = _number(
        _("Days to wait"), 0, MOST_HOLD_DAYS, required=False, help_text=_("In case the order is sent back.")
    )

    new_customer = forms.ChoiceField(label=_("Who is new"), choices=lambda: _choices(sayings.NEW))
    lapsed_months = _number(
        _("Months since the last order"),
        1,
        120,
        required=False,
        help_text=_("Whoever stayed away longer counts as new."),
    )
    window_days = _number(
        _("Days from the recommendation to the order"),
        1,
        730,
        help_text=_("The window: to the second, in days of 24 hours."),
    )
    precedence = forms.ChoiceField(
        label=_("When several recommended"),
        choices=lambda: [*_choices(sayings.PRESET_NAMES), (CUSTOM, _("An order of my own"))],
    )
    groups = PrecedenceField(
        label=_("The order"),
        required=False,
        help_text=_("The strongest first, one group a line: manual, coupon, code, link, invite. Commas join equals."),
    )
    pick = forms.ChoiceField(
        label=_("Among equals"),
        choices=[("last", _("The last one wins")), ("first", _("The first one wins"))],
        required=False,
    )
    countries = CountriesField(
        label=_("Countries in which advocates may live"),
        help_text=_("Two-letter codes such as NO, SE. Empty: anywhere."),
    )

    orders = forms.ChoiceField(
        label=_("Orders"),
        choices=[
            ("first", _("The first order of a friend")),
            ("months", _("Every order of a friend for some months")),
            ("none", _("No orders")),
        ],
    )
    order_months = _number(_("For how many months"), 1, 120, required=False)
    signup = forms.BooleanField(label=_("A friend's sign-up counts"), required=False)
    qualified_lead = forms.BooleanField(label=_("A friend's qualified enquiry counts"), required=False)
    minimum_order = AmountField(label=_("Minimum order"), help_text=_("Of what counts. Empty: none."))
    counts = forms.MultipleChoiceField(
        label=_("What of an order counts"),
        choices=lambda: _choices(sayings.LINES, LINE_KINDS),
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Shares and the minimum are taken of this. Discounts and spent credit lower it where they are ticked."
        ),
    )

    cap_per_advocate = _number(
        _("Recommendations that count for one advocate"), 1, MOST, required=False, help_text=_("Empty: no limit.")
    )
    cap_total = _number(
        _("Recommendations that count in all"), 1, MOST, required=False, help_text=_("Empty: no limit.")
    )
    stop_at = _number(
        _("Somebody looks from this score on"),
        1,
        1000,
        help_text=_(
            "What looks unusual adds up to a score, such as the same card on both sides. Advocates don't read this."
        ),
    )
    refuse_at = _number(_("Refused from this score on"), 1, 1000)
    second_pair_above = AmountField(
        label=_("Two people look above this amount"), help_text=_("At stopped orders. Empty: one always does.")
    )

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Advocates and friends read it."))
    destination = forms.URLField(label=_("Where links lead"), max_length=500, assume_scheme="https")
    hosts = HostsField(
        label=_("Further hosts"),
        required=False,
        help_text=_("One a line. Advocates may let their link lead to a page on these as well."),
    )
    utm = ParametersField(
        label=_("Marks on every visit"),
        required=False,
        help_text=_("One a line, such as utm_source=referral. {program} stands for the program's name in addresses."),
    )
    share_text = forms.CharField(
        label=_("Words to share"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What advocates find in their messages, to change as they like."),
    )
    disclosure = forms.CharField(
        label=_("Disclosure"), max_length=40, required=False, help_text=_("Every share text ends with it, such as #ad.")
    )
    asks_consent = forms.BooleanField(
        label=_("Set no cookie before the visitor agreed on your own site"), required=False
    )
    currency = CurrencyField()
    time_zone = forms.ChoiceField(label=_("Time zone"))
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, program: Program, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=None if data else written(program))
        self.program = program
        self.further = PlanForm(self, designing.draft(program).plan, program.currency)
        if not data:
            self.initial.update(self.further.initial())
        self.is_frozen = program.terms.exists()
        self.offer: tuple[TermsDocument, PlanDocument] | None = None
        self._choose("time_zone", places.time_zones())
        pools = Pool.objects.filter(scheme_id=program.scheme_id).order_by("-pk").values_list("public_id", "name")
        from_pools = [("", _("None yet")), *[(str(key), name) for key, name in pools]]
        for name in self.fields:
            if name.endswith("_pool"):
                self._choose(name, from_pools)
        for name in designing.FROZEN:
            # A field that is disabled reads its initial value, whatever is sent.
            self.fields[name].disabled, self.fields[name].initial = self.is_frozen, getattr(program, name)
        self.further.currency = self._currency()
        self._count_in(self._currency())

    def cards(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as one thinks of them."""
        return [(gettext(title), [self[name] for name in names]) for title, names in self.GROUPS]

    def clean_destination(self) -> str:
        """A page of the web."""
        return web_page(self.cleaned_data["destination"])

    def clean(self) -> dict[str, Any]:
        """The whole as terms and a plan, where each field can be read."""
        told: dict[str, Any] = super().clean() or {}
        # In the order of a first draft, so that a plan that was not changed is the same document.
        benefits = [self._benefit("advocate", told), self._benefit("friend", told)]
        self._need("lapsed_months", told, told.get("new_customer") == "lapsed")
        self._need("order_months", told, told.get("orders") == "months")
        self._need("groups", told, told.get("precedence") == CUSTOM)
        plan = self.further.read(told, [benefit for benefit in benefits if benefit])
        if plan and not self.errors:
            try:
                self.offer = (self._terms(told), plan)
            except BadTerms as bad:
                self.add_error(None, bad.detail)
        return told

    def folds(self) -> list[Fold]:
        """What stands folded below: details, limits, budget, tiers and further rules."""
        return list(self.further.folds())

    def sentence(self) -> str:
        """What the form offers, in one sentence; empty while it can't be read."""
        return summary.sentence(*self.offer, self._currency()) if self.offer else ""

    def columns(self) -> dict[str, Any]:
        """What the program's row keeps beside the draft."""
        return {name: self.cleaned_data[name] for name in COLUMNS}

    def _terms(self, told: Mapping[str, Any]) -> TermsDocument:
        """Raises BadTerms."""
        preset = told["precedence"]
        return TermsDocument(
            **{name: told[name] for name in PLAIN},
            precedence=Precedence(told["groups"], told["pick"] or "last") if preset == CUSTOM else PRESETS[preset],
            lapsed_months=told["lapsed_months"] if told["new_customer"] == "lapsed" else None,
            order_months=told["order_months"] if told["orders"] == "months" else None,
            minimum_order=told["minimum_order"] or 0,
            # As the terms list them, whatever the order in which boxes are sent.
            counts=tuple(kind for kind in LINE_KINDS if kind in told["counts"]),
            countries=told["countries"],
        )

    def _benefit(self, side: Side, told: Mapping[str, Any]) -> Benefit | None:
        kind = told.get(f"{side}_kind")
        if not kind:
            return None
        in_words = kind in IN_WORDS
        self._need(f"{side}_words" if in_words else f"{side}_worth", told, is_needed=True)
        is_code = side == "friend" and kind == "discount_code"
        when = (told.get("friend_when") or "after") if is_code else "after"
        worth = None if in_words else told.get(f"{side}_worth")
        self._refuse_share(side, kind, worth, when, told)
        if self.errors:
            return None
        return Benefit(
            side,
            kind,
            when="before" if when == "before" else "after",
            **(dict([worth]) if worth else {}),
            hold_days=0 if when == "before" else told.get(f"{side}_hold") or 0,
            pool=(told.get("friend_pool") or None) if is_code else None,
            words=told[f"{side}_words"] if in_words else "",
        )

    def _refuse_share(self, side: str, kind: str, worth: Any, when: str, told: Mapping[str, Any]) -> None:
        """A share of nothing is nothing: of a sign-up, or of what has not been ordered yet."""
        if not worth:
            return
        name = f"{side}_worth"
        if worth[1] <= 0:
            self.add_error(name, _("Write an amount above nothing."))
        elif worth[0] == "percent" and kind == "points":
            self.add_error(name, _("Points are a whole number, such as 250."))
        elif worth[0] == "percent" and kind != "discount_code" and told.get("orders") == "none":
            self.add_error(name, _("There is no order to take a share of. Write an amount, or let orders count."))

    def _need(self, name: str, told: Mapping[str, Any], is_needed: bool) -> None:
        if is_needed and name not in self.errors and not told.get(name):
            self.add_error(name, _("Fill this in."))

    def _currency(self) -> str:
        typed = str(self.data.get("currency", "")).upper() if self.is_bound and not self.is_frozen else ""
        try:
            return money.known(typed or self.program.currency)
        except money.UnknownCurrency:
            return self.program.currency

    def _count_in(self, currency: str) -> None:
        for name, field in self.fields.items():
            if isinstance(field, AmountField):
                field.currency = currency
            if isinstance(field, WorthField):
                field.in_points = self.data.get(name.replace("_worth", "_kind")) == "points"

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
