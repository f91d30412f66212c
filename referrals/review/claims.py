"""What advocates say is missing: filing a claim, and a manager's answer to it."""

from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from advocates import staff
from advocates.models import Advocate, User
from brand import mail
from customers.models import Order, Person
from referrals import buyers, conversions
from referrals.models import Claim, Link, Program, Touch
from referrals.review import interest
from spine import audit, events
from spine.inserts import insert_once
from spine.refusal import Refusal

MOST_OPEN = 10


class TooManyClaims(Refusal):
    """As many claims of one person are open as are looked at at once."""

    code = "too_many_claims"
    sentence = _("You have %(most)d open claims. Wait until one of them is answered, then file the next.")


class AlreadyClaimed(Refusal):
    """The same order is claimed and not answered yet."""

    code = "already_claimed"
    sentence = _("You have claimed this order already, and we are looking at it.")


class NotRecommendedYet(Refusal):
    """The day of the recommendation has not come."""

    code = "not_recommended_yet"
    status = 422
    sentence = _("This day has not come yet. Choose the day on which you recommended us.")


class NoLink(Refusal):
    """Somebody claims in a program that they take no part in."""

    code = "no_link"
    status = 422
    sentence = _("You have no link in this program, so nothing can be counted for you there.")


class AlreadyDecided(Refusal):
    """Somebody else answered the claim a moment ago."""

    code = "already_decided"
    sentence = _("This claim is answered already. Nothing was changed.")


class OwnClaim(Refusal):
    """A member of the staff tried to answer what they claimed or bought themselves."""

    code = "own_claim"
    status = 403
    sentence = _("This claim is yours, or the order is. Ask somebody else on the staff to answer it.")


@transaction.atomic
def file(person: Person, program: Program, order_key: str, recommended_on: date, words: str, at: datetime) -> Claim:
    """Write down what an advocate says is missing. The day is that of the program's time zone.

    Raises NoLink, NotRecommendedYet, TooManyClaims, AlreadyClaimed.
    """
    if not Link.objects.filter(program=program, person=person).exists():
        raise NoLink
    if recommended_on > at.astimezone(ZoneInfo(program.time_zone)).date():
        raise NotRecommendedYet
    # Whoever files takes turns with themselves, or two requests at once would both be the tenth.
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if Claim.objects.filter(person=person, state=Claim.State.OPEN).count() >= MOST_OPEN:
        raise TooManyClaims(most=MOST_OPEN)
    claim = Claim(
        program=program, person=person, order_key=order_key, recommended_on=recommended_on, words=words, filed_at=at
    )
    try:
        with transaction.atomic():
            claim.save()
    except IntegrityError as taken:
        raise AlreadyClaimed from taken
    _record(claim, "claim.filed", at)
    return claim


@transaction.atomic
def grant(claim: Claim, order: Order, manager: User, *, answer: str = "", at: datetime) -> Claim:
    """Believe the advocate: their recommendation becomes a touch of the order's customer, and is decided like any.

    Raises AlreadyDecided, OwnClaim, NoLink.
    """
    locked = _lock(claim)
    # An order that names no customer has a person of its own, made here if no fact has done so yet.
    referred = buyers.of(order) if order.customer else buyers.told(order, None)
    _refuse_own(manager, claim, referred)
    link = Link.objects.filter(program=claim.program_id, person=claim.person_id).first()
    if link is None:
        raise NoLink
    touch = Touch(
        key=f"manual:{claim.public_id}",
        kind=Touch.Kind.MANUAL,
        link=link,
        program=claim.program,
        person_id=referred,
        touched_at=instant(claim),
        recorded_at=at,
        granted_at=at,
        order=order,
    )
    insert_once([touch], key=["key"])
    locked.touch = touch
    _decide(locked, Claim.State.GRANTED, manager, answer, at)
    conversions.open_for([referred], at)
    return locked


@transaction.atomic
def decline(claim: Claim, manager: User, *, answer: str, at: datetime) -> Claim:
    """Say no, in words that the advocate reads. Raises AlreadyDecided, OwnClaim."""
    locked = _lock(claim)
    _refuse_own(manager, claim)
    _decide(locked, Claim.State.DECLINED, manager, answer, at)
    return locked


def unanswered() -> QuerySet[Claim]:
    """The claims that nobody has answered."""
    return Claim.objects.filter(state=Claim.State.OPEN)


def instant(claim: Claim) -> datetime:
    """When the recommendation counts as made: as the claimed day begins in the program's time zone.

    The advocate knows the day and not the hour, and an order of the same day must not come before it.
    """
    return datetime.combine(claim.recommended_on, time.min, ZoneInfo(claim.program.time_zone))


def _lock(claim: Claim) -> Claim:
    locked = Claim.objects.select_for_update(of=("self",), no_key=True).select_related("program").get(pk=claim.pk)
    if locked.state != Claim.State.OPEN:
        raise AlreadyDecided
    return locked


def _refuse_own(manager: User, claim: Claim, *people: UUID) -> None:
    if interest.own(manager, {claim.person_id, *people}):
        raise OwnClaim


def _decide(claim: Claim, state: str, manager: User, answer: str, at: datetime) -> None:
    claim.state, claim.answer = state, answer
    claim.decided_at, claim.decided_by = at, str(manager.public_id)
    claim.save(update_fields=["state", "answer", "decided_at", "decided_by", "touch"])
    audit.record(staff.party(manager), f"claim.{state}", ("claim", str(claim.public_id)), at=at)
    _record(claim, f"claim.{state}", at)
    _write(claim, at)


def _record(claim: Claim, name: str, at: datetime) -> None:
    events.record(
        name,
        person=claim.person_id,
        subject=("claim", str(claim.public_id)),
        at=at,
        key=f"{name}:{claim.public_id}",
        payload={"program": str(claim.program.public_id)},
    )


def _write(claim: Claim, at: datetime) -> None:
    """Tell the advocate, in their language; somebody erased has no address any more."""
    advocate = Advocate.objects.select_related("user").filter(person=claim.person_id, user__isnull=False).first()
    if advocate is None or advocate.user is None:
        return
    is_granted = claim.state == Claim.State.GRANTED
    with override(advocate.locale or None):
        subject = _("Your claim was granted") if is_granted else _("Your claim could not be granted")
        mail.enqueue(
            key=f"claim:{claim.public_id}",
            to=advocate.user.email,
            subject=str(subject),
            template=f"referrals/claim_{claim.state}",
            context={
                "name": advocate.display_name,
                "order": claim.order_key,
                "program": claim.program.name,
                "answer": claim.answer,
                "link": settings.BASE_URL + reverse("referrals:claims"),
            },
            at=at,
        )
