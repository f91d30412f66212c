"""Proves the ledger once a day; where it does not add up, payouts stop and the staff are told. Nothing is repaired."""

from collections.abc import Collection
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from advocates import preferences, staff
from advocates.models import User
from brand import mail
from rewards import proof
from rewards.models import Scheme
from rewards.proof import Finding
from spine import audit, events
from spine.models import Event
from spine.refusal import Refusal

PROVER: audit.Party = ("system", "bookkeeping")


class StillBroken(Refusal):
    """The ledger does not add up yet."""

    code = "ledger_still_broken"
    sentence = _lazy("The ledger does not add up yet. Run verify_ledger, and mend what it names first.")


def prove_daily(at: datetime) -> int:
    """Prove the ledger, unless that was done today; return how many broken promises there are."""
    day = at.astimezone(UTC).date().isoformat()
    key = f"ledger.proved:{day}"
    if Event.objects.filter(key=key).exists():
        return 0
    found = proof.confirmed()
    with transaction.atomic():
        told = {"findings": len(found), "promises": sorted({finding.promise for finding in found})}
        subject = ("ledger", "whole")
        if events.record("ledger.proved", person=None, subject=subject, at=at, key=key, payload=told) and found:
            _stop(found, at)
            for keeper in staff.who_may("rewards.make_payouts"):
                _write(keeper, found, day, at)
    return len(found)


def resume(actor: audit.Party, reason: str, at: datetime) -> int:
    """Let payouts go on once the ledger adds up again; return of how many schemes. Raises StillBroken."""
    if proof.confirmed():
        raise StillBroken
    with transaction.atomic():
        stopped = list(Scheme.objects.exclude(payouts_stopped_at=None).order_by("pk").select_for_update())
        for scheme in stopped:
            scheme.payouts_stopped_at = None
            scheme.save(update_fields=["payouts_stopped_at"])
            subject = ("scheme", str(scheme.public_id))
            audit.record(actor, "scheme.payouts_resumed", subject, at=at, reason=reason)
    return len(stopped)


def _stop(found: Collection[Finding], at: datetime) -> None:
    """Stop the payouts of the schemes that are concerned; of all, where a finding concerns the whole series."""
    schemes = Scheme.objects.filter(payouts_stopped_at=None).order_by("pk")
    concerned = {finding.scheme for finding in found}
    if None not in concerned:
        schemes = schemes.filter(pk__in=[scheme for scheme in concerned if scheme])
    for scheme in schemes.select_for_update():
        scheme.payouts_stopped_at = at
        scheme.save(update_fields=["payouts_stopped_at"])
        audit.record(PROVER, "scheme.payouts_stopped", ("scheme", str(scheme.public_id)), at=at)


def _write(keeper: User, found: Collection[Finding], day: str, at: datetime) -> None:
    with preferences.activated(getattr(keeper, "advocate", None)):
        mail.enqueue(
            key=f"ledger.broken:{day}:{keeper.public_id}",
            to=keeper.email,
            subject=_("The ledger does not add up"),
            template="staff/ledger",
            context={
                "count": len(found),
                "findings": [str(finding) for finding in list(found)[:10]],
                "link": settings.BASE_URL + reverse("rewards:manage_payouts"),
            },
            at=at,
        )
