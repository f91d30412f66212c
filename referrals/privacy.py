"""What this room holds about one person, as an advocate and as somebody's friend."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from customers.canonical import canonical_hash
from referrals.models import (
    Acceptance,
    CapCount,
    Claim,
    Click,
    Code,
    Conversion,
    Decision,
    FriendCode,
    LateFact,
    Link,
    LinkDay,
    StoryLine,
    TieCut,
    Touch,
    Verdict,
)
from spine.privacy import Subject, forget_words, rows

EXPORTED = {Acceptance, Claim, Code, Conversion, Decision, FriendCode, Link, LinkDay, StoryLine, TieCut, Touch, Verdict}
NOTHING_PERSONAL: dict[type[models.Model], str] = {
    CapCount: "How many conversions one id was credited with.",
    Click: "A visit by nobody in particular: it keeps no address and no browser.",
    LateFact: "The id of a fact that came too late for an exported decision.",
}


def export(subject: Subject) -> dict[str, Any]:
    """Their links and claims, what came of them, and what they did as a friend; nothing about the other side."""
    links = {"link__person__in": subject.people}
    credited = {"credited_person__in": subject.people}
    referred = {"referred_person__in": subject.people}
    return {
        "links": rows(Link.objects.filter(person__in=subject.people), "program__name", "code", "created_at"),
        "codes": rows(Code.objects.filter(**links), "text", "is_permanent", "created_at"),
        "visits": rows(LinkDay.objects.filter(**links), "day", "raw", "qualified"),
        "rules_accepted": rows(
            Acceptance.objects.filter(person__in=subject.people), "terms__program__name", "terms__version", "at"
        ),
        "recommended": rows(
            Conversion.objects.filter(**credited), *("program__name", "occurred_at", "goal", "state", "reason")
        ),
        "claims": rows(
            Claim.objects.filter(person__in=subject.people),
            *("program__name", "order_key", "recommended_on", "words", "state", "filed_at", "decided_at", "answer"),
        ),
        "friend_codes": rows(_friend_codes(subject), "program__name", "pool_code__text", "given_at"),
        "touches": rows(
            Touch.objects.filter(person__in=subject.people), "program__name", "kind", "touched_at", "recorded_at"
        ),
        "ties_cut": rows(TieCut.objects.filter(person__in=subject.people), "at"),
        "conversions": rows(
            Conversion.objects.filter(**referred),
            *("program__name", "order__key", "occurred_at", "goal", "state", "reason", "counted", "currency"),
        ),
        "decisions": rows(
            Decision.objects.filter(Q(**credited) | Q(**referred)),
            *("conversion__public_id", "number", "at", "outcome", "reason", "goal"),
        ),
        "story": rows(
            StoryLine.objects.filter(person__in=subject.people),
            *("conversion__program__name", "occurred_at", "state", "reason", "gained"),
        ),
        "verdicts": rows(_verdicts(subject), "decision__conversion__public_id", "side", "verdict", "at"),
    }


def erase(subject: Subject, at: datetime) -> list[str]:
    """Empty what they wrote: the texts of their codes, their claims, and the words that staff gave about them.

    Their links lead nowhere from then on, and nobody else is ever given a code of theirs. What was decided stays as
    ids, so that the other side's history keeps an anonymous line.
    """
    links = Link.objects.filter(person__in=subject.people)
    # Locked first, or an alias that is chosen at this moment would stay behind.
    list(links.select_for_update(no_key=True).values_list("pk", flat=True))
    Code.objects.filter(link__in=links).update(text="")
    links.update(code="")
    claims = Claim.objects.filter(person__in=subject.people)
    # Nobody is left to be credited; and two open claims could not both name no order.
    claims.filter(state=Claim.State.OPEN).update(state=Claim.State.DECLINED, decided_at=at)
    claims.update(order_key="", words="", answer="")
    both = Q(credited_person__in=subject.people) | Q(referred_person__in=subject.people)
    forget_words("claim", claims.values_list("public_id", flat=True))
    forget_words("link", links.values_list("public_id", flat=True))
    forget_words("conversion", Conversion.objects.filter(both).values_list("public_id", flat=True))
    return []


def _friend_codes(subject: Subject) -> models.QuerySet[FriendCode]:
    """The codes that friend pages handed to addresses of theirs."""
    return FriendCode.objects.filter(holder__in=[canonical_hash(address) for address in subject.addresses])


def _verdicts(subject: Subject) -> models.QuerySet[Verdict]:
    """What staff said of the sides on which they stand."""
    advocate = Q(side="advocate", decision__credited_person__in=subject.people)
    friend = Q(side="friend", decision__referred_person__in=subject.people)
    return Verdict.objects.filter(advocate | friend)
