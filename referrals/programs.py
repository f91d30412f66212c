"""Programs in time: which state and which terms hold at an instant."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from referrals.models import Program, StateChange, Terms
from referrals.models.program import State
from spine.refusal import Refusal


class ProgramHasEnded(Refusal):
    """What has ended stays so: what people were told of its end must not change."""

    code = "program_has_ended"
    sentence = _("This program has ended, and that can't be undone. Create another one instead.")


def timeline(changes: Iterable[StateChange]) -> list[StateChange]:
    """The changes that hold, by the instant from which they do; one recorded later replaces all from its instant on."""
    standing: list[StateChange] = []
    for change in sorted(changes, key=lambda change: change.pk):
        standing = [earlier for earlier in standing if earlier.at < change.at]
        standing.append(change)
    return standing


def state_at(program: Program, at: datetime) -> State:
    """The state that the program is in at that instant. Reads `state_changes`, prefetched where many are asked."""
    return standing(program, at).state


@dataclass(frozen=True)
class Standing:
    """The state of a program, since when, and the tone in which a badge shows it."""

    state: State
    since: datetime

    @property
    def tone(self) -> str:
        """Which icon and colour say the same."""
        return {State.LIVE: "ok", State.PAUSED: "wait", State.SCHEDULED: "wait"}.get(self.state, "plain")


def standing(program: Program, at: datetime) -> Standing:
    """Where the program stands and since when. Reads `state_changes`, prefetched where many are asked."""
    reached = [change for change in course(program) if change.at <= at]
    if not reached:
        return Standing(State.DRAFT, program.created_at)
    return Standing(State(reached[-1].state), reached[-1].at)


def course(program: Program) -> list[StateChange]:
    """The program's timeline without what only says the same state again. Reads `state_changes`."""
    found: list[StateChange] = []
    for change in timeline(program.state_changes.all()):
        if not found or found[-1].state != change.state:
            found.append(change)
    return found


def terms_at(program: Program, at: datetime) -> Terms | None:
    """The terms in force at that instant; None before the first. Reads `terms`, prefetched where many are asked."""
    published = [terms for terms in program.terms.all() if terms.published_at <= at]
    return max(published, key=lambda terms: terms.version, default=None)


def whole(programs: QuerySet[Program]) -> QuerySet[Program]:
    """The programs with their changes, terms and plans, in three queries."""
    return programs.prefetch_related("state_changes", Prefetch("terms", Terms.objects.select_related("plan")))


def live(at: datetime) -> list[Program]:
    """Every program that is live at that instant, with its changes and terms, the oldest first."""
    programs = whole(Program.objects.order_by("pk"))
    return [program for program in programs if state_at(program, at) == State.LIVE]
