"""Expiring: telling people 30 and 7 days before what they did not use is gone."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from advocates import notices, preferences
from advocates.models import Advocate, Notice
from brand import days, locales, mail
from rewards.models import Reward
from spine.money import display
from spine.updates import update_rows

logger = logging.getLogger(__name__)

EARLY, LATE = 30, 7
BATCH = 200


@transaction.atomic
def warn(at: datetime) -> int:
    """Warn of a batch of what expires soon; return of how many rewards.

    What could be used for no longer than that in all was told with its day when it became free, and is not told again.
    """
    found = list(_due(at).order_by("person", "expires_at", "pk")[:BATCH].select_for_update(skip_locked=True))
    for reward in found:
        reward.warned_days = _stage(reward, at)
    update_rows(found, ["warned_days"])
    by_person = {person: list(rows) for person, rows in groupby(found, key=lambda reward: reward.person_id)}
    joined = Advocate.objects.filter(person__in=by_person, user__is_active=True).select_related("user").order_by("pk")
    for advocate in joined:
        told = [each for each in by_person[advocate.person_id] if _is_news(each)]
        if told:
            _tell_alone(advocate, told, at)
    return len(found)


def _tell_alone(advocate: Advocate, rewards: Sequence[Reward], at: datetime) -> None:
    """One person's warning; what keeps it from being written keeps nobody else's."""
    try:
        with transaction.atomic(), preferences.activated(advocate):
            _tell(advocate, rewards, at)
    except Exception:
        logger.exception("nobody could warn %s of what expires", advocate.person_id)


def _due(at: datetime) -> QuerySet[Reward]:
    soon = Q(expires_at__lte=at + timedelta(days=EARLY), warned_days=None)
    sooner = Q(expires_at__lte=at + timedelta(days=LATE), warned_days=EARLY)
    return Reward.objects.filter(soon | sooner, available__gt=0, expires_at__gt=at)


def _stage(reward: Reward, at: datetime) -> int:
    assert reward.expires_at is not None, "only what expires is found"
    return LATE if reward.expires_at <= at + timedelta(days=LATE) else EARLY


def _is_news(reward: Reward) -> bool:
    """Whether it could be used for longer than what is told now."""
    assert reward.expires_at is not None, "only what expires is found"
    usable = reward.expires_at - (reward.released_at or reward.promised_at)
    return usable > timedelta(days=reward.warned_days or 0)


def _tell(advocate: Advocate, rewards: Sequence[Reward], at: datetime) -> None:
    assert advocate.user is not None
    lines = [_line(reward, at) for reward in rewards]
    path = reverse("rewards:catalogue")
    notices.give(
        [
            Notice(
                key=f"reward.expiring:{reward.public_id}:{reward.warned_days}", person_id=advocate.person_id,
                text=line, path=path, at=at,
            )
            for reward, line in zip(rewards, lines, strict=True)
        ]
    )  # fmt: skip
    mail.enqueue(
        key=f"rewards.expiring:{rewards[0].public_id}:{rewards[0].warned_days}",
        to=advocate.user.email,
        subject=lines[0] if len(lines) == 1 else _("Some of what you earned expires soon"),
        template="rewards/expiring",
        context={"name": advocate.display_name, "lines": lines, "url": settings.BASE_URL + path},
        at=at,
        transactional=False,
    )


def _line(reward: Reward, at: datetime) -> str:
    assert reward.expires_at is not None, "only what expires is found"
    amount = display(reward.available, reward.unit, locales.active())
    return _("%(amount)s expires on %(day)s.") % {"amount": amount, "day": days.short(reward.expires_at, at)}
