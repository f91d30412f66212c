"""What people make of a stopped conversion: their verdicts on its sides, one or two of them, and taking them back."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from advocates import staff
from advocates.models import User
from customers.models import Person
from referrals import conversions
from referrals.decide import outcomes
from referrals.models import Conversion, Decision, Verdict
from referrals.models.conversion import Side, SideVerdict
from referrals.review import interest
from referrals.terms import TermsDocument
from rewards import occasions
from rewards.models import Occasion
from spine import audit
from spine.refusal import Refusal

# What an occasion of ours is called in rewards.
KIND = "conversion"
# How the audit calls each verdict.
ACTS = {SideVerdict.ALLOW: "conversion.approved", SideVerdict.REFUSE: "conversion.refused"}


class NotStopped(Refusal):
    """The side waits for nobody: somebody else was quicker, or it was never stopped."""

    code = "not_stopped"
    sentence = _("Nothing of this waits any more. Somebody else may have decided it a moment ago.")


class DecisionChanged(Refusal):
    """A newer decision stands than the one that was looked at."""

    code = "decision_changed"
    sentence = _("New facts came in and this was decided anew. Look at it once more.")


class NeedsSecondPerson(Refusal):
    """Somebody who gave their verdict already tried to give the second one as well."""

    code = "needs_second_person"
    status = 403
    sentence = _("You gave your word on this already. Above this amount a second person has to agree.")


class AlreadyFinal(Refusal):
    """What a verdict set free can be taken by its owner."""

    code = "already_final"
    sentence = _("This can't be undone any more: what it released may have been used.")


class AlreadyUndone(Refusal):
    """The verdict was taken back before."""

    code = "already_undone"
    sentence = _("This was undone already.")


class CreditedElsewhere(Refusal):
    """While the refusal stood, another program credited the order."""

    code = "credited_elsewhere"
    sentence = _("Another program has credited this order meanwhile, so the refusal stands.")


@dataclass(frozen=True)
class Sides:
    """Whether each side may be rewarded, as the decision and people's verdicts have it together."""

    advocate: SideVerdict
    friend: SideVerdict

    def open(self) -> list[Side]:
        """The sides that wait for a person."""
        return [side for side in Side if self.of(side) == SideVerdict.STOP]

    def of(self, side: str) -> SideVerdict:
        """The verdict on one side."""
        return self.advocate if side == Side.ADVOCATE else self.friend


def people_needed(decision: Decision) -> int:
    """How many people have to approve a side: two above the amount that the terms name."""
    assert decision.terms is not None, "without terms nothing is stopped"
    limit = TermsDocument.read(decision.terms.document).second_pair_above
    return 2 if limit is not None and decision.counted > limit else 1


def sides(decision: Decision, verdicts: Iterable[Verdict]) -> Sides:
    """What stands: the decision's own word, and on a stopped side that of the people. One refusal is enough."""
    standing = [verdict for verdict in verdicts if verdict.undone_at is None]
    needed = people_needed(decision) if decision.terms else 1
    return Sides(
        _weigh(decision.advocate_side, [each.verdict for each in standing if each.side == Side.ADVOCATE], needed),
        _weigh(decision.friend_side, [each.verdict for each in standing if each.side == Side.FRIEND], needed),
    )


@transaction.atomic
def give(
    conversion: Conversion,
    on: Collection[Side],
    verdict: SideVerdict,
    reviewer: User,
    *,
    decision: UUID,
    reason: str,
    at: datetime,
) -> Conversion:
    """Give one person's verdict on stopped sides of the `decision` that they looked at; also after it is final.

    Raises OwnConversion, DecisionChanged, NotStopped, NeedsSecondPerson.
    """
    locked, standing = _lock(conversion)
    interest.refuse_own(reviewer, [standing.credited_person_id, standing.referred_person_id])
    if standing.public_id != decision:
        raise DecisionChanged
    given = list(standing.verdicts.all())
    waiting = sides(standing, given).open()
    if not on or set(on) - set(waiting):
        raise NotStopped
    for side in on:
        _refuse_second_word(given, side, reviewer)
        Verdict.objects.create(decision=standing, side=side, verdict=verdict, by=str(reviewer.public_id), at=at)
    audit.record(staff.party(reviewer), ACTS[verdict], _party(locked), at=at, reason=reason)
    _settle(locked, standing, at)
    return locked


@transaction.atomic
def undo(verdict: Verdict, reviewer: User, at: datetime) -> Conversion:
    """Take a verdict back, so that its side waits again.

    Raises OwnConversion, DecisionChanged, AlreadyFinal, AlreadyUndone, CreditedElsewhere.
    """
    locked, standing = _lock(verdict.decision.conversion)
    interest.refuse_own(reviewer, [standing.credited_person_id, standing.referred_person_id])
    if standing.pk != verdict.decision_id:
        raise DecisionChanged
    if is_final(locked):
        raise AlreadyFinal
    if not Verdict.objects.filter(pk=verdict.pk, undone_at=None).update(undone_at=at):
        raise AlreadyUndone
    audit.record(staff.party(reviewer), "verdict.undone", _party(locked), at=at)
    try:
        with transaction.atomic():
            _settle(locked, standing, at)
    except IntegrityError as taken:
        raise CreditedElsewhere from taken
    return locked


def stopped() -> QuerySet[Conversion]:
    """The conversions that wait for a verdict."""
    return Conversion.objects.filter(state=Conversion.State.STOPPED)


def is_final(conversion: Conversion) -> bool:
    """Whether anything that the conversion earned can be taken by its owner."""
    earned = Occasion.objects.filter(kind=KIND, subject=str(conversion.public_id))
    return earned.filter(final_at__isnull=False).exists()


def _lock(conversion: Conversion) -> tuple[Conversion, Decision]:
    """The conversion and its standing decision, held for this transaction with all that hangs together with it.

    In the order in which deciding takes them: the customer, the occasion, every conversion of the customer.
    """
    customer = Conversion.objects.values_list("referred_person", flat=True).get(pk=conversion.pk)
    list(Person.objects.select_for_update(no_key=True).filter(pk=customer))
    occasions.lock(KIND, [str(conversion.public_id)])
    rows = Conversion.objects.select_for_update(of=("self",), no_key=True).select_related("program", "order", "lead")
    theirs = {row.pk: row for row in rows.filter(referred_person=customer).order_by("pk")}
    if conversion.pk not in theirs:
        # Its order names another customer since a moment ago, and is decided anew.
        raise DecisionChanged
    locked = theirs[conversion.pk]
    standing = locked.decisions.select_related("terms").filter(superseded_at=None).first()
    if standing is None:
        raise NotStopped
    return locked, standing


def _settle(conversion: Conversion, decision: Decision, at: datetime) -> None:
    """Let the conversion say what its decision and all words about it come to, and tell of it if that is new."""
    stand = sides(decision, Verdict.objects.filter(decision=decision))
    if (conversion.advocate_side, conversion.friend_side) != (stand.advocate, stand.friend):
        before = conversion.state, conversion.counted
        outcomes.copy(conversion, decision, stand.advocate, stand.friend, at)
        outcomes.record(conversion, before, at)
        # Later orders renew what this one earned, or nothing.
        conversions.again(conversion.referred_person_id, at)


def _weigh(decided: str, words: Collection[str], needed: int) -> SideVerdict:
    if decided != SideVerdict.STOP:
        return SideVerdict(decided)
    if SideVerdict.REFUSE in words:
        return SideVerdict.REFUSE
    return SideVerdict.ALLOW if len(words) >= needed else SideVerdict.STOP


def _refuse_second_word(given: Iterable[Verdict], side: Side, reviewer: User) -> None:
    mine = str(reviewer.public_id)
    if any(each.side == side and each.by == mine and each.undone_at is None for each in given):
        raise NeedsSecondPerson


def _party(conversion: Conversion) -> audit.Party:
    return ("conversion", str(conversion.public_id))
