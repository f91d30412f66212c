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
from rewards import amounts, words
from rewards.catalogue import items
from rewards.models import Item, Pool, Scheme
from spine import clock, keyset
from spine.money import known
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
        units.choices = [(unit, words.unit(unit)) for unit in amounts.units()]
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
        currency = f"cash:{cleaned['currency']}" if cleaned.get("currency") else ""
        priced = cleaned.get("unit", "")
        for name, counted_in in (("price", priced), ("value", currency), ("cost", currency)):
            if name in cleaned and counted_in:
                cleaned[name] = self._amount(name, cleaned[name], counted_in)
        return cleaned

    def _amount(self, name: str, text: str, unit: str) -> int | None:
        try:
            return amounts.read(text, unit) if text.strip() else None
        except Refusal as wrong:
            self.add_error(name, wrong.detail)
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


def _initial(item: Item) -> dict[str, Any]:
    if not item.pk:
        return {"currency": "USD", "unit": "PTS"}
    told = {name: getattr(item, name) for group in ItemForm.GROUPS for name in group[1] if name != "picture"}
    told["price"] = amounts.written(item.price, item.unit)
    in_shop = f"cash:{item.currency}"
    return told | {"value": amounts.written(item.value, in_shop), "cost": amounts.written(item.cost, in_shop)}
