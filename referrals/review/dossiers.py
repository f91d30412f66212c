"""All that is known about one conversion, for whoever has to understand or explain it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from advocates.models import User
from customers.models import Dispute, Line, Refund
from referrals import naming, reasons
from referrals.design import sayings
from referrals.models import Conversion, Decision, LateFact, Touch
from referrals.naming import Names
from referrals.review import cases
from referrals.review.cases import Case
from referrals.tell import explain
from referrals.tell.explain import Step
from referrals.terms import TermsDocument

# So many contacts of one person are shown, the latest first; a decision names each that it looked at.
MOST_TOUCHES = 100


@dataclass(frozen=True)
class CountedLine:
    """One line of the order, and whether its kind counts under the terms."""

    line: Line
    counts: bool

    @property
    def name(self) -> str:
        """What its kind is called."""
        return str(sayings.LINES[self.line.kind]).capitalize()


@dataclass(frozen=True)
class Numbered:
    """One decision with its explanation."""

    decision: Decision
    steps: list[Step]

    @property
    def stands(self) -> bool:
        """Whether no later one took its place."""
        return self.decision.superseded_at is None


@dataclass(frozen=True)
class Late:
    """One fact that came too late, and why it would have changed the decision."""

    fact: LateFact
    words: str


@dataclass(frozen=True)
class Dossier:
    """One conversion with the fact behind it and everything that was decided about it."""

    conversion: Conversion
    lines: list[CountedLine]
    total: int
    captured: int
    refunds: list[Refund]
    disputes: list[Dispute]
    # The newest first.
    decisions: list[Numbered]
    contacts: list[tuple[Touch, str]]
    late: list[Late]
    names: Names
    case: Case | None

    @property
    def advocate(self) -> str:
        """What whoever is credited is called."""
        return self.names.of(self.conversion.credited_person_id)

    @property
    def referred(self) -> str:
        """What the customer is called."""
        return self.names.of(self.conversion.referred_person_id)


def of(conversion: Conversion, viewer: User, at: datetime) -> Dossier:
    """Gather it, in a number of queries that does not depend on how much there is."""
    order = conversion.order
    decisions = list(
        conversion.decisions.select_related("terms__program", "terms__plan")
        .prefetch_related("verdicts")
        .order_by("-number")
    )
    steps = explain.many(decisions)
    lines = list(order.lines.order_by("pk")) if order else []
    touches = list(
        Touch.objects.select_related("link", "program")
        .filter(person=conversion.referred_person_id)
        .order_by("-touched_at", "-pk")[:MOST_TOUCHES]
    )
    people = [
        conversion.referred_person_id,
        conversion.credited_person_id,
        *(touch.link.person_id for touch in touches),
    ]
    names = naming.of(people)
    total = sum(line.amount for line in lines)
    return Dossier(
        conversion=conversion,
        lines=[CountedLine(line, line.kind in _counting(decisions)) for line in lines],
        total=total,
        captured=order.captured() if order and not order.is_captured_in_full else total,
        refunds=list(order.refunds.order_by("at", "pk")) if order else [],
        disputes=list(order.disputes.order_by("at", "pk")) if order else [],
        decisions=[Numbered(decision, steps[decision.pk]) for decision in decisions],
        contacts=contacts(touches, names),
        late=[Late(fact, reason(fact.reason)) for fact in conversion.late_facts.order_by("at", "pk")],
        names=names,
        case=next(iter(cases.of([conversion], viewer, at)), None),
    )


def contacts(touches: Sequence[Touch], names: Names) -> list[tuple[Touch, str]]:
    """The touches, each with what its advocate is called."""
    return [(touch, names.of(touch.link.person_id)) for touch in touches]


def reason(code: str) -> str:
    """What a reason says to the staff; the code itself if it says nothing any more."""
    found = reasons.REASONS.get(code)
    return str(found.to_manager) if found else code


def _counting(decisions: Sequence[Decision]) -> tuple[str, ...]:
    """The kinds of lines that count under the terms of the decision that stands."""
    terms = decisions[0].terms if decisions else None
    return TermsDocument.read(terms.document).counts if terms else ()
