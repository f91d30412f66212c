"""The life of programs: which state and which terms hold at an instant."""

from collections.abc import Iterable
from datetime import datetime

from referrals.models import Program, StateChange, Terms
from referrals.models.program import State


def timeline(changes: Iterable[StateChange]) -> list[StateChange]:
    """The changes that hold, by the instant from which they do; one recorded later replaces all from its instant on."""
    standing: list[StateChange] = []
    for change in sorted(changes, key=lambda change: change.pk):
        standing = [earlier for earlier in standing if earlier.at < change.at]
        standing.append(change)
    return standing


def state_at(program: Program, at: datetime) -> State:
    """The state that the program is in at that instant. Reads `state_changes`, prefetched where many are asked."""
    reached = [change for change in timeline(program.state_changes.all()) if change.at <= at]
    return State(reached[-1].state) if reached else State.DRAFT


def terms_at(program: Program, at: datetime) -> Terms | None:
    """The terms in force at that instant; None before the first. Reads `terms`, prefetched where many are asked."""
    published = [terms for terms in program.terms.all() if terms.published_at <= at]
    return max(published, key=lambda terms: terms.version, default=None)


def live(at: datetime) -> list[Program]:
    """Every program that is live at that instant, with its changes and terms, the oldest first."""
    programs = Program.objects.order_by("pk").prefetch_related("state_changes", "terms__plan")
    return [program for program in programs if state_at(program, at) == State.LIVE]
