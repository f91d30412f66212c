"""The catalogue for the staff: every item, adding and changing one, offering it and taking it off."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.files.base import ContentFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advocates import names, places
from brand import pictures
from brand.access import AuthenticatedRequest, actor
from rewards.catalogue import items
from rewards.models import Account, Item, Pool, Scheme
from spine import clock, keyset
from spine.money import Unit, exponent, known, to_major, to_minor
from spine.refusal import Refusal

may_manage_catalogue = permission_required("rewards.manage_catalogue", raise_exception=True)
SHOWN = 50
# A picture of a product, in pixels a side.
SIZE = 960


class ItemForm(forms.Form):
    """What an item is, what it takes, and who can have it."""

    GROUPS = (
        (gettext_lazy("What it is"), ("kind", "name", "words", "picture")),
        (gettext_lazy("What it takes"), ("unit", "price", "has_open_amount", "value")),
        (gettext_lazy("How many, and for whom"), ("pool", "stock", "countries", "needs_address", "scheme", "tier")),
        (gettext_lazy("What it costs you"), ("currency", "cost")),
    )

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Item.Kind.choices)
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, validators=[names.validate_one_line, names.validate_visible]
    )
    words = forms.CharField(
        label=gettext_lazy("In a few words"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("What people should know before they take it."),
    )
    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        required=False,
        help_text=gettext_lazy("JPEG, PNG, WebP, GIF or HEIC, at most 10 MB. We make it small."),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )
    unit = forms.ChoiceField(label=gettext_lazy("Paid with"))
    price = forms.CharField(
        label=gettext_lazy("Price"),
        max_length=24,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=gettext_lazy("In that unit; the smallest amount where people choose how much."),
    )
    has_open_amount = forms.BooleanField(
        label=gettext_lazy("People choose how much"),
        required=False,
        help_text=gettext_lazy("For store credit that is paid with credit: they get what they give."),
    )
    value = forms.CharField(
        label=gettext_lazy("Worth in the shop"),
        max_length=24,
        required=False,
        help_text=gettext_lazy("For store credit with a fixed price: what the shop books."),
    )
    pool = forms.ModelChoiceField(
        label=gettext_lazy("Codes from"),
        queryset=Pool.objects.order_by("name", "pk"),
        required=False,
        empty_label=gettext_lazy("No pool"),
        help_text=gettext_lazy("For discount codes: the pool that they come out of."),
    )
    stock = forms.IntegerField(
        label=gettext_lazy("How many in all"),
        required=False,
        min_value=0,
        max_value=1_000_000,
        help_text=gettext_lazy("Those that are taken already included. Empty: as many as people want."),
    )
    countries = forms.MultipleChoiceField(
        label=gettext_lazy("Only in these countries"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
        help_text=gettext_lazy("None chosen: everywhere."),
    )
    needs_address = forms.BooleanField(label=gettext_lazy("Ask where to send it"), required=False)
    scheme = forms.ModelChoiceField(
        label=gettext_lazy("Only for a tier of"),
        queryset=Scheme.objects.order_by("name", "pk"),
        required=False,
        empty_label=gettext_lazy("For everybody"),
    )
    tier = forms.CharField(
        label=gettext_lazy("That tier, or above"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("By its name in that program, such as Gold."),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"), min_length=3, max_length=3, widget=forms.TextInput(attrs={"size": 3})
    )
    cost = forms.CharField(
        label=gettext_lazy("Cost for one"),
        max_length=24,
        required=False,
        help_text=gettext_lazy("What one costs you, shipping included. People don't see it."),
    )

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        self.item = item
        kwargs.setdefault("initial", _initial(item))
        super().__init__(*args, **kwargs)
        units: Any = self.fields["unit"]
        units.choices = [(unit, _unit_words(unit)) for unit in _units(item)]
        there: Any = self.fields["countries"]
        there.choices = places.countries()

    def clean_currency(self) -> str:
        """The code of a currency."""
        try:
            return known(self.cleaned_data["currency"].strip().upper())
        except Refusal as refusal:
            raise forms.ValidationError(refusal.detail) from refusal

    def clean_picture(self) -> ContentFile | None:
        """The picture, made small."""
        sent = self.cleaned_data["picture"]
        try:
            return pictures.reencode(sent, size=SIZE, square=False) if sent else None
        except Refusal as refusal:
            raise forms.ValidationError(refusal.detail) from refusal

    def clean(self) -> dict[str, Any]:
        """Amounts in minor units of what they are counted in."""
        cleaned = super().clean() or {}
        currency = cleaned.get("currency")
        priced = Unit.parse(cleaned["unit"]).currency if cleaned.get("unit") else None
        for name, counted_in in (("price", priced), ("value", currency), ("cost", currency)):
            if name in cleaned and (name == "price" or counted_in):
                cleaned[name] = self._minor(name, cleaned[name], counted_in)
        return cleaned

    def _minor(self, name: str, text: str, currency: str | None) -> int | None:
        text = text.strip().replace(",", ".")
        try:
            if not text:
                return None
            return to_minor(text, currency) if currency else int(text)
        except (Refusal, ValueError) as wrong:
            words = wrong.detail if isinstance(wrong, Refusal) else _("Points are a whole number, such as 250.")
            self.add_error(name, words)
            return None

    def filled(self) -> Item:
        """The item as the form has it."""
        told = {name: value for name, value in self.cleaned_data.items() if name != "picture"}
        for name, value in told.items():
            setattr(self.item, name, (value or 0) if name == "cost" else value)
        return self.item


@require_safe
@login_required
@may_manage_catalogue
def manage_catalogue(request: HttpRequest) -> HttpResponse:
    """Every item, the newest first, and what is running low."""
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(Item.objects.select_related("pool"), order=("-id",), limit=SHOWN, **cursors)
    low = items.running_low([item for item in page.rows if item.is_offered], clock.now())
    rows = [{"item": item, "is_low": item.pk in low} for item in page.rows]
    return render(request, "rewards/manage/catalogue.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_catalogue
def add_item(request: AuthenticatedRequest) -> HttpResponse:
    """Add an item; it is offered by another click."""
    return _edit(request, Item())


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_manage_catalogue
def change_item(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Look at an item and change it; what people took before stays as they took it."""
    return _edit(request, get_object_or_404(Item.objects.select_related("pool"), public_id=public_id))


@require_POST
@login_required
@may_manage_catalogue
def offer_item(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Let people take it."""
    try:
        items.offer(get_object_or_404(Item, public_id=public_id), actor(request), clock.now())
    except items.BadItem as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("It is in the catalogue now."))
    return redirect("rewards:change_item", public_id)


@require_POST
@login_required
@may_manage_catalogue
def withdraw_item(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Take it off the catalogue."""
    items.withdraw(get_object_or_404(Item, public_id=public_id), actor(request), clock.now())
    messages.success(request, _("Nobody can take it any more. Whoever took it before still gets it."))
    return redirect("rewards:change_item", public_id)


def _edit(request: AuthenticatedRequest, item: Item) -> HttpResponse:
    form = ItemForm(request.POST or None, request.FILES or None, item=item)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            saved = items.save(form.filled(), form.cleaned_data["picture"], actor(request), clock.now())
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
            status = refusal.status
        else:
            messages.success(request, _("Saved."))
            return redirect("rewards:change_item", saved.public_id)
    groups = [(title, [form[name] for name in fields]) for title, fields in ItemForm.GROUPS]
    # What a refused form left on the item is not what is stored.
    stored = Item.objects.filter(pk=item.pk).first() if item.pk else None
    context = {"form": form, "groups": groups, "item": stored}
    return render(request, "rewards/manage/item.html", context, status=status)


def _units(item: Item) -> list[str]:
    """What people earn here, and points."""
    used = set(Account.objects.filter(person=None).values_list("unit", flat=True).distinct())
    return sorted({"PTS", "credit:USD", "cash:USD", *used, *([item.unit] if item.unit else [])})


def _unit_words(unit: str) -> str:
    told = Unit.parse(unit)
    words = {"points": _("Points"), "credit": _("Credit in %(currency)s"), "cash": _("Cash in %(currency)s")}
    return words[told.kind] % {"currency": told.currency}


def _initial(item: Item) -> dict[str, Any]:
    if not item.pk:
        return {"currency": "USD", "unit": "PTS"}
    told = {name: getattr(item, name) for group in ItemForm.GROUPS for name in group[1] if name != "picture"}
    told["price"] = _major(item.price, Unit.parse(item.unit).currency)
    return told | {"value": _major(item.value, item.currency), "cost": _major(item.cost, item.currency)}


def _major(amount: int | None, currency: str | None) -> str:
    if amount is None:
        return ""
    return f"{to_major(amount, currency):.{exponent(currency)}f}" if currency else str(amount)
