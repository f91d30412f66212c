"""The staff side's navigation, declared: a room that adds a page adds its line here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from advocates.models import User
from referrals.review import claims, reviewing
from rewards import approvals, granting
from rewards.cash import batches
from rewards.catalogue import by_hand
from spine import clock, due, tallies


@dataclass(frozen=True)
class Entry:
    """One page of the staff side: where it stands, what it is called and who may open it."""

    section: str | Promise
    label: str | Promise
    url_name: str
    # Empty: everyone on the staff.
    permission: str
    icon: str
    # What waits there; counted only where the navigation is drawn.
    waits: Callable[[], Sequence[QuerySet[Any, Any]]] | None = None


@dataclass(frozen=True)
class Item:
    """One entry as a template shows it; a template calls `count` by naming it, and asks the database once."""

    url: str
    label: str | Promise
    icon: str
    count: Callable[[], int] | None = None


def _stuck() -> Sequence[QuerySet[Any, Any]]:
    at = clock.now()
    return [due.stuck(model, at) for model in due.due_models()]


ENTRIES: tuple[Entry, ...] = (
    Entry("", _("Home"), "manage:home", "advocates.see_staff_home", "home"),
    Entry(_("Programs"), _("All programs"), "referrals:programs", "referrals.manage_programs", "megaphone"),
    Entry(_("Programs"), _("Discount codes"), "rewards:pools", "rewards.manage_pools", "ticket"),
    Entry(
        _("Recommendations"),
        _("To check"),
        "referrals:review",
        "referrals.review_conversions",
        "eye",
        lambda: [reviewing.stopped()],
    ),
    Entry(
        _("Recommendations"),
        _("Claims"),
        "referrals:manage_claims",
        "referrals.review_conversions",
        "hand-raised",
        lambda: [claims.unanswered()],
    ),
    Entry(
        _("Recommendations"),
        _("Conversions"),
        "referrals:conversions",
        "referrals.see_conversions",
        "arrows-right-left",
    ),
    Entry(_("Recommendations"), _("Links"), "referrals:manage_links", "referrals.see_conversions", "link"),
    Entry(
        _("Recommendations"),
        _("Look somebody up"),
        "manage:people",
        "referrals.see_conversions",
        "magnifying-glass",
    ),
    Entry(_("Rewards"), _("The books"), "rewards:ledger", "rewards.see_rewards", "book-open"),
    Entry(
        _("Rewards"),
        _("To approve"),
        "rewards:manage_approvals",
        "rewards.approve_rewards",
        "check-badge",
        approvals.waits,
    ),
    Entry(_("Rewards"), _("Payouts"), "rewards:manage_payouts", "rewards.make_payouts", "banknotes", batches.waits),
    Entry(
        _("Rewards"),
        _("To hand out"),
        "rewards:manage_redemptions",
        "rewards.manage_catalogue",
        "gift",
        lambda: [by_hand.waiting(), granting.waiting()],
    ),
    Entry(_("Rewards"), _("Catalogue"), "rewards:manage_catalogue", "rewards.manage_catalogue", "shopping-bag"),
    Entry(_("The place"), _("Staff"), "manage:staff", "advocates.manage_staff", "user-group"),
    Entry(_("The place"), _("Brand"), "brand:brand_page", "brand.design_brand", "swatch"),
    Entry(_("The place"), _("User agreement"), "brand:agreement_page", "brand.design_brand", "document-check"),
    Entry(_("The place"), _("Mail"), "brand:mail_setup", "brand.manage_mail", "envelope"),
    Entry(_("The place"), _("Shops"), "manage:sources", "customers.manage_sources", "building-storefront"),
    Entry(_("The place"), _("API keys"), "manage:keys", "customers.manage_keys", "key"),
    Entry(
        _("The place"), _("Webhooks"), "integrations:endpoints", "integrations.manage_endpoints", "arrow-up-on-square"
    ),
    Entry(_("The machines"), _("Stuck work"), "manage:stuck", "spine.retry_stuck", "wrench-screwdriver", _stuck),
    Entry(_("The machines"), _("Audit"), "manage:audit", "spine.view_auditentry", "clipboard-document-list"),
    *(
        [Entry(_("The machines"), _("Clock"), "manage:clock", "spine.change_clockoffset", "clock")]
        if settings.SANDBOX
        else []
    ),
)


def sections(user: User | AnonymousUser) -> list[tuple[str | Promise, list[Item]]]:
    """The sections that this person may open, in the order declared; nothing for anybody who is not staff."""
    open_to = [
        entry for entry in ENTRIES if user.is_staff and (not entry.permission or user.has_perm(entry.permission))
    ]
    # All of them in one query, once somebody asks for the first.
    counts = cache(lambda: tallies.count({entry.url_name: entry.waits() for entry in open_to if entry.waits}))
    found: dict[str | Promise, list[Item]] = {}
    for entry in open_to:
        count = partial(_of, counts, entry.url_name) if entry.waits else None
        found.setdefault(entry.section, []).append(Item(reverse(entry.url_name), entry.label, entry.icon, count))
    return list(found.items())


def _of(counts: Callable[[], Mapping[str, int]], name: str) -> int:
    return counts()[name]
