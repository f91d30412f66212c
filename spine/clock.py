"""The one place that asks what time it is. Only the outermost layer calls it; domain functions are told `at`."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from spine.models.clock import ClockOffset
from spine.refusal import Refusal

FURTHEST = timedelta(days=36_525)


class ClockIsReal(Refusal):
    """Somebody tried to move the clock of the live site."""

    code = "clock_is_real"
    status = 403
    sentence = _("Only the sandbox's clock can be moved.")


class TimeRunsForward(Refusal):
    """Somebody tried to move the sandbox's clock back."""

    code = "time_runs_forward"
    status = 422
    sentence = _("The clock only moves forward.")


class TooFarAhead(Refusal):
    """Somebody tried to move the sandbox's clock out of the calendar."""

    code = "too_far_ahead"
    status = 422
    sentence = _("The clock can be moved a hundred years ahead at most.")


def now() -> datetime:
    """The present instant, in UTC; in the sandbox, ahead of the wall clock by what it was moved."""
    return timezone.now() + offset()


def offset() -> timedelta:
    """How far the sandbox's clock stands ahead of the wall clock; always nothing on the live site."""
    if not settings.SANDBOX:
        return timedelta()
    return ClockOffset.objects.values_list("ahead", flat=True).first() or timedelta()


def move_forward(by: timedelta) -> datetime:
    """Move the sandbox's clock and return its new present.

    Raises ClockIsReal outside the sandbox, TimeRunsForward for a negative step, TooFarAhead past a hundred years.
    """
    if not settings.SANDBOX:
        raise ClockIsReal
    if by < timedelta():
        raise TimeRunsForward
    if by > FURTHEST:
        raise TooFarAhead
    ClockOffset.objects.get_or_create(pk=1)
    if not ClockOffset.objects.filter(pk=1, ahead__lte=FURTHEST - by).update(ahead=F("ahead") + by):
        raise TooFarAhead
    return now()
