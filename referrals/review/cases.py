"""What a reviewer sees of stopped conversions before they decide: evidence, consequences, who decided what so far."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from advocates.models import User
from referrals import naming
from referrals.models import Conversion, Decision, Verdict
from referrals.models.conversion import Side, SideVerdict
from referrals.naming import Names
from referrals.review import consequences, escalating, interest, reviewing
from referrals.tell import explain
from spine.models import AuditEntry


@dataclass(frozen=True)
class Word:
    """One person's verdict on one side, and the words that they gave for it."""

    verdict: Verdict
    by: str
    reason: str
    is_mine: bool


@dataclass(frozen=True)
class SideOfCase:
    """One side of a conversion: who stands on it, what people said about it, what stands."""

    side: Side
    name: str
    verdict: SideVerdict
    words: list[Word]
    # The approvals that it has and needs; both 0 where nobody waits for any.
    given: int
    needed: int

    @property
    def is_open(self) -> bool:
        """Whether it waits for a person."""
        return self.verdict == SideVerdict.STOP


@dataclass(frozen=True)
class Case:
    """One conversion whose standing decision was stopped, as one reviewer sees it."""

    conversion: Conversion
    decision: Decision
    sides: list[SideOfCase]
    signals: list[explain.Step]
    steps: list[explain.Step]
    names: Names
    age: str
    is_own: bool
    viewer: User

    @property
    def open_sides(self) -> list[Side]:
        """The sides that wait."""
        return [side.side for side in self.sides if side.is_open]

    @property
    def has_words(self) -> bool:
        """Whether anybody gave a verdict, undone or not."""
        return any(side.words for side in self.sides)

    @property
    def needs_two(self) -> bool:
        """Whether one person's approval is not enough."""
        return any(side.is_open and side.needed > 1 for side in self.sides)

    @property
    def has_my_word(self) -> bool:
        """Whether the viewer approved all that waits, so that somebody else has to."""
        waiting = [side for side in self.sides if side.is_open]
        return bool(waiting) and all(any(word.is_mine for word in side.words) for side in waiting)

    @property
    def if_approved(self) -> str:
        """What approving all that waits releases."""
        return consequences.approved(self.decision, self.open_sides, self.names)

    @property
    def if_refused(self) -> str:
        """What refusing all that waits withholds."""
        return consequences.refused(self.decision, self.open_sides, self.names)


def of(conversions: Sequence[Conversion], viewer: User, at: datetime) -> list[Case]:
    """The cases of conversions, in their order; a constant number of queries for any number of them."""
    standing = Decision.objects.filter(conversion__in=conversions, superseded_at=None)
    decisions = {
        decision.conversion_id: decision
        for decision in standing.select_related("terms__plan", "terms__program").prefetch_related("verdicts")
    }
    for conversion in conversions:
        if conversion.pk in decisions:
            decisions[conversion.pk].conversion = conversion
    steps = explain.many(list(decisions.values()))
    people = [person for each in decisions.values() for person in (each.credited_person_id, each.referred_person_id)]
    names = naming.of(people)
    mine = interest.own(viewer, people)
    words = _words(list(decisions.values()), viewer)
    return [
        Case(
            conversion=conversion,
            decision=(decision := decisions[conversion.pk]),
            sides=_sides(decision, names, words.get(decision.pk, [])),
            signals=explain.signals(decision),
            steps=steps[decision.pk],
            names=names,
            age=escalating.age(conversion, at),
            is_own=bool(mine & {decision.credited_person_id, decision.referred_person_id}),
            viewer=viewer,
        )
        for conversion in conversions
        if conversion.pk in decisions
    ]


def _sides(decision: Decision, names: Names, words: Sequence[Word]) -> list[SideOfCase]:
    stand = reviewing.sides(decision, [word.verdict for word in words])
    needed = reviewing.people_needed(decision) if decision.terms else 1
    people = {Side.ADVOCATE: decision.credited_person_id, Side.FRIEND: decision.referred_person_id}
    return [
        SideOfCase(
            side=side,
            name=names.of(people[side]) if people[side] else "",
            verdict=stand.of(side),
            words=(said := [word for word in words if word.verdict.side == side]),
            given=len([word for word in said if word.verdict.undone_at is None]),
            needed=needed,
        )
        for side in Side
    ]


def _words(decisions: Sequence[Decision], viewer: User) -> dict[int, list[Word]]:
    """People's verdicts by decision, the first one first, with the reasons that the audit keeps."""
    found: dict[int, list[Word]] = {}
    verdicts = sorted((each for decision in decisions for each in decision.verdicts.all()), key=lambda each: each.pk)
    if not verdicts:
        return found
    by = staff_names(verdict.by for verdict in verdicts)
    subjects = {decision.pk: str(decision.conversion.public_id) for decision in decisions}
    reasons = _reasons(set(subjects.values()))
    for verdict in verdicts:
        reason = reasons.get((subjects[verdict.decision_id], verdict.by, verdict.at), "")
        is_mine = verdict.by == str(viewer.public_id) and verdict.undone_at is None
        found.setdefault(verdict.decision_id, []).append(Word(verdict, by.get(verdict.by, ""), reason, is_mine))
    return found


def staff_names(ids: Iterable[str]) -> dict[str, str]:
    """What members of the staff are called, by the public ids of their users."""
    users = User.objects.select_related("advocate").filter(public_id__in=[each for each in ids if each])
    return {str(user.public_id): _called(user) for user in users}


def _called(user: User) -> str:
    return user.advocate.display_name if hasattr(user, "advocate") else user.email


def _reasons(conversions: Collection[str]) -> dict[tuple[str, str, datetime], str]:
    """The words given with verdicts, by what they were about, who gave them and when: one act may be on both sides."""
    acts = AuditEntry.objects.select_related("reason").filter(
        subject_kind="conversion", subject_id__in=conversions, verb__in=reviewing.ACTS.values()
    )
    return {(act.subject_id, act.actor_id, act.at): act.reason.text for act in acts if hasattr(act, "reason")}
