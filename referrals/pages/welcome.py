"""The friend page: the offer behind an advocate's link, and the discount code that it hands out."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic import View

from brand import locales
from brand.models import Brand
from referrals.share import links, offers
from referrals.share.offers import Offer
from referrals.visits import landings
from rewards import words
from rewards.pools import PoolEmpty
from spine import clock, limits
from spine.client_address import subscriber


class AddressForm(forms.Form):
    """By which mailbox a friend is told apart from another."""

    email = forms.EmailField(
        label=_("Your email"),
        help_text=_("So that each person gets one code. We send nothing to it and don't keep it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


@method_decorator(never_cache, name="dispatch")
class Welcome(View):
    """Tell a friend what is offered, and hand out their code."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        """The offer; or straight on to the shop where nothing is handed out."""
        at = clock.now()
        return _show(request, offers.find(code, at), code, at)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        """The friend's code. It stands in this answer alone, in no address and no session."""
        at = clock.now()
        offer = offers.find(code, at)
        if offer is None or offer.benefit is None or _is_own(request, offer):
            return _show(request, offer, code, at)
        _limit(request, offer, at)
        form = AddressForm(request.POST)
        if not form.is_valid():
            return _page(request, offer, {"form": form}, status=422)
        return _hand_out(request, offer, form, at)


def _limit(request: HttpRequest, offer: Offer, at: datetime) -> None:
    """Keep one household, and one link, from emptying a pool. Raises TooManyTries."""
    if address := subscriber(request):
        limits.take("friend code", address, limit=20, per=timedelta(hours=1), at=at)
    limits.take("friend code by link", str(offer.link.pk), limit=300, per=timedelta(days=1), at=at)


def _show(request: HttpRequest, offer: Offer | None, code: str, at: datetime) -> HttpResponse:
    if offer is None or offer.benefit is None:
        return _elsewhere(request, offer, code, at)
    return _page(request, offer, {"form": AddressForm(), "is_own": _is_own(request, offer)})


def _hand_out(request: HttpRequest, offer: Offer, form: AddressForm, at: datetime) -> HttpResponse:
    try:
        given = offers.hand_out(offer, form.cleaned_data["email"], at)
    except offers.DisposableAddress as disposable:
        form.add_error("email", disposable.detail)
        return _page(request, offer, {"form": form}, status=disposable.status)
    except PoolEmpty as empty:
        return _page(request, offer, {"is_empty": True, "shop": _shop(request, offer, at)}, status=empty.status)
    shop = _shop(request, offer, at, coupon=given.pool_code.text)
    return _page(request, offer, {"given": given.pool_code, "shop": shop})


def _elsewhere(request: HttpRequest, offer: Offer | None, code: str, at: datetime) -> HttpResponse:
    """On to the shop; for a code that leads nowhere, the page that says so."""
    if offer:
        return HttpResponseRedirect(_shop(request, offer, at))
    lost = landings.look_up(code, at)
    status = lost.status if isinstance(lost, landings.Lost) else 404
    return render(request, "referrals/lost.html", {"lost": lost}, status=status)


def _is_own(request: HttpRequest, offer: Offer) -> bool:
    return bool(request.user.is_authenticated and request.user.person_id == offer.link.person_id)


def _shop(request: HttpRequest, offer: Offer, at: datetime, coupon: str = "") -> str:
    """The shop's address, with what the visitor's own address brought along."""
    return offer.onward(at, token=request.GET.get("adv", ""), to=request.GET.get("to", ""), coupon=coupon)


def _page(request: HttpRequest, offer: Offer, context: dict[str, Any], status: int = 200) -> HttpResponse:
    assert offer.benefit is not None
    logo = Brand.current().logo
    context |= {
        "offer": offer,
        "promise": words.promise(offer.benefit, offer.program.currency, locales.active()),
        "link_url": links.url(offer.link),
        "image_url": settings.BASE_URL + logo.url if logo else "",
        "cash": f"cash:{offer.program.currency}",
    }
    return render(request, "referrals/welcome.html", context, status=status)
