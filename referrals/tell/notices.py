"""What we write to advocates about their story."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _

from advocates import preferences
from advocates.models import Advocate
from brand import mail
from referrals.models import StoryLine
from referrals.tell import story, telling
from referrals.tell.telling import Told
from spine import due
from spine.updates import update_rows

# What is told on the page and is no news worth a letter: that somebody else was thanked, or a friend's own word.
UNWRITTEN = frozenset({"lost_precedence", "tie_cut"})
# When it is asked again what something brings.
AGAIN = timedelta(seconds=5)


def write_due(at: datetime) -> int:
    """Write about what changed since the last round; return how many lines were looked at."""
    return due.work(StoryLine.objects.all(), write, at=at)


def write(lines: Sequence[StoryLine], at: datetime) -> None:
    """One letter for each line that its advocate should hear of; who was erased has no address any more.

    Of what counts they hear once it is known what it brings.
    """
    prefetch_related_objects(lines, "conversion__program", "conversion__lead", "conversion__order")
    told = _told(lines, at)
    decisions = {each.conversion_id: each for each in story.standing({line.conversion_id for line in told})}
    people = {line.person_id for line in told}
    found = Advocate.objects.filter(person__in=people, user__is_active=True).select_related("user")
    advocates = {advocate.person_id: advocate for advocate in found}
    for line in told:
        if line.person_id in advocates and _is_news(line):
            advocate = advocates[line.person_id]
            with preferences.activated(advocate):
                _enqueue(advocate, telling.tell(line, decisions[line.conversion_id], at), at)


def _told(lines: Sequence[StoryLine], at: datetime) -> list[StoryLine]:
    """The lines of which all is known; the others are asked again in a moment."""
    open_lines = [line for line in lines if line.state == StoryLine.State.CREDITED and line.gained is None]
    answers = story.answered([line.conversion for line in open_lines])
    for line in open_lines:
        if answer := answers.get(line.conversion_id):
            line.gained = answer.document()
        else:
            line.due_at = at + AGAIN
    update_rows([line for line in open_lines if line.gained is not None], ["gained"])
    return [line for line in lines if line.state != StoryLine.State.CREDITED or line.gained is not None]


def _is_news(line: StoryLine) -> bool:
    return line.state != StoryLine.State.REFUSED or line.was_credited or line.reason not in UNWRITTEN


def _enqueue(advocate: Advocate, told: Told, at: datetime) -> None:
    assert advocate.user is not None
    mail.enqueue(
        key=_key(told.line),
        to=advocate.user.email,
        subject=_subject(told),
        template=f"referrals/{told.line.state}",
        context={
            "told": told,
            "name": advocate.display_name,
            "program": told.line.conversion.program.name,
            "url": f"{settings.BASE_URL}{reverse('referrals:story')}#{told.line.conversion.public_id}",
        },
        at=at,
        transactional=False,
    )


def _key(line: StoryLine) -> str:
    """Once for each conversion and advocate that it counts, or is looked at; once for each reason that it does not."""
    key = f"referral-{line.state}:{line.conversion.public_id}:{line.person_id}"
    return f"{key}:{line.reason}" if line.state == StoryLine.State.REFUSED else key


def _subject(told: Told) -> str:
    line = told.line
    if line.state == StoryLine.State.STOPPED:
        return _("We are having a look at a recommendation of yours")
    if line.state == StoryLine.State.REFUSED:
        return _("A recommendation of yours does not count after all") if line.was_credited else told.what
    if not told.promise:
        return told.what
    return _("%(what)s You get %(promise)s.") % {"what": told.what, "promise": told.promise}
