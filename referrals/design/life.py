"""The life of a program: it is scheduled, goes live, pauses, resumes and ends, each a dated row.

Visits still land whatever the state. Orders count that were placed while the program was live; what happened before a
pause or an end is decided by the rules of its own day.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from referrals import programs
from referrals.design import designing, readiness
from referrals.models import Ending, Program, StateChange
from referrals.models.program import State
from spine import audit, events
from spine.nudges import nudge
from spine.refusal import Refusal

Step = tuple[State, datetime]


class ProgramIsDraft(Refusal):
    """It was never live."""

    code = "program_is_draft"
    sentence = _("This program is a draft still. Let it go live first.")


class ProgramIsScheduled(Refusal):
    """Its day has not come."""

    code = "program_is_scheduled"
    sentence = _("This program has not begun yet.")


class ProgramIsLive(Refusal):
    """It runs already."""

    code = "program_is_live"
    sentence = _("This program is live already.")


class ProgramIsPaused(Refusal):
    """It rests already."""

    code = "program_is_paused"
    sentence = _("This program is paused. Resume it instead.")


class StartHasPassed(Refusal):
    """A program can't begin in the past."""

    code = "start_has_passed"
    status = 422
    sentence = _("Choose an instant that is still to come, or let the program go live now.")


class EndHasPassed(Refusal):
    """A program can't end in the past."""

    code = "end_has_passed"
    status = 422
    sentence = _("Choose today or a later day, or end the program now.")


class EndsBeforeItStarts(Refusal):
    """The program would end before it begins."""

    code = "ends_before_it_starts"
    status = 422
    sentence = _("The program would end before it begins. Choose a later end.")


class EndsThenAlready(Refusal):
    """This end is planned already, and advocates were told."""

    code = "ends_then_already"
    sentence = _("The program ends on that day already.")


_STANDS = {
    State.DRAFT: ProgramIsDraft,
    State.SCHEDULED: ProgramIsScheduled,
    State.LIVE: ProgramIsLive,
    State.PAUSED: ProgramIsPaused,
    State.ENDED: programs.ProgramHasEnded,
}


def planned(program: Program, at: datetime) -> list[StateChange]:
    """What is to come after that instant, the soonest first. Reads `state_changes`."""
    return [change for change in programs.timeline(program.state_changes.all()) if change.at > at]


@transaction.atomic
def schedule(program: Program, start: datetime, actor: audit.Party, at: datetime) -> None:
    """Let a draft go live at `start`; a scheduled one at another instant.

    Raises a refusal named after any other state, StartHasPassed, EndsBeforeItStarts, or what `readiness.hindrances`
    finds.
    """
    life = _Life.of(program, at)
    life.refuse_unless({State.DRAFT, State.SCHEDULED})
    if start <= life.at:
        raise StartHasPassed
    life.refuse_hindered()
    if any(end <= start for _state, end in life.ending):
        raise EndsBeforeItStarts
    life.take(actor, "program.scheduled", [(State.SCHEDULED, life.at), (State.LIVE, start), *life.ending])


@transaction.atomic
def go_live(program: Program, actor: audit.Party, at: datetime) -> None:
    """Let a draft or a scheduled program go live now.

    Raises a refusal named after any other state, or what `readiness.hindrances` finds.
    """
    life = _Life.of(program, at)
    life.refuse_unless({State.DRAFT, State.SCHEDULED})
    life.refuse_hindered()
    life.take(actor, "program.launched", [(State.LIVE, life.at), *life.ending])
    nudge("links.give")


@transaction.atomic
def pause(program: Program, actor: audit.Party, at: datetime) -> None:
    """Count no orders from now on; a planned ending stays. Raises a refusal named after any state but live."""
    life = _Life.of(program, at)
    life.refuse_unless({State.LIVE})
    life.take(actor, "program.paused", [(State.PAUSED, life.at), *life.ending])


@transaction.atomic
def resume(program: Program, actor: audit.Party, at: datetime) -> None:
    """Count orders again; a planned ending stays.

    Raises a refusal named after any state but paused, or what `readiness.hindrances` finds.
    """
    life = _Life.of(program, at)
    life.refuse_unless({State.PAUSED})
    life.refuse_hindered()
    life.take(actor, "program.resumed", [(State.LIVE, life.at), *life.ending])
    nudge("links.give")


@transaction.atomic
def end(program: Program, on: date | None, actor: audit.Party, at: datetime) -> None:
    """Let the program end with the day `on` in its own time zone, or now; its advocates are told by mail.

    Another end that was planned is replaced. Raises ProgramIsDraft, ProgramHasEnded, EndHasPassed, EndsBeforeItStarts,
    EndsThenAlready.
    """
    life = _Life.of(program, at)
    life.refuse_unless({State.SCHEDULED, State.LIVE, State.PAUSED})
    if on is None:
        ended = life.take(actor, "program.ended", [(State.ENDED, life.at)])
    else:
        ended = life.take(actor, "ending.planned", life.steps_until(_midnight_after(on, life.program.time_zone)))
    Ending.objects.create(change=ended, due_at=life.at)
    nudge("programs.tell_ending")


@dataclass(frozen=True)
class _Life:
    """A program as it stands at the instant of an act, its row locked."""

    program: Program
    at: datetime
    state: State
    # The end that is planned, and the start that is: each one step or none.
    ending: list[Step]
    start: list[Step]

    @classmethod
    def of(cls, program: Program, at: datetime) -> Self:
        locked = designing.lock(program)
        prefetch_related_objects([locked], "state_changes")
        recorded = [change.recorded_at for change in locked.state_changes.all()]
        # Whoever waited for the lock acts after whoever held it, whatever their clocks say.
        at = max([at, *recorded])
        steps = [(State(change.state), change.at) for change in planned(locked, at)]
        ending = [step for step in steps if step[0] == State.ENDED]
        start = [step for step in steps if step[0] == State.LIVE]
        return cls(locked, at, programs.state_at(locked, at), ending, start)

    def refuse_unless(self, states: Collection[State]) -> None:
        if self.state not in states:
            raise _STANDS[self.state]

    def refuse_hindered(self) -> None:
        for refusal in readiness.hindrances(self.program, self.at):
            raise refusal

    def steps_until(self, end: datetime) -> list[Step]:
        """What is planned with this end. The present state is said again where an earlier end is put off by it."""
        if end <= self.at:
            raise EndHasPassed
        if any(start >= end for _state, start in self.start):
            raise EndsBeforeItStarts
        if (State.ENDED, end) in self.ending:
            raise EndsThenAlready
        return [*([(self.state, self.at), *self.start] if self.ending else []), (State.ENDED, end)]

    def take(self, actor: audit.Party, verb: str, steps: list[Step]) -> StateChange:
        """Write the steps down, the last one returned; the act is audited and told as an event."""
        for state, instant in steps:
            change = StateChange.objects.create(
                program=self.program, state=state, at=instant, recorded_at=self.at, changed_by=actor[1]
            )
        subject = ("program", str(self.program.public_id))
        audit.record(actor, verb, subject, at=self.at)
        payload = {"steps": [[state.value, instant.isoformat()] for state, instant in steps]}
        key = f"{verb}:{change.pk}"
        events.record(verb, person=None, subject=subject, at=self.at, key=key, payload=payload)
        return change


def _midnight_after(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)
