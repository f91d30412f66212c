"""An advocate's story: what came of their recommendations, on their home and as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from brand.access import AuthenticatedRequest
from customers.models import Person
from referrals.models import StoryLine
from referrals.tell import explain, funnel, telling
from referrals.tell import story as stories
from referrals.tell.explain import Step
from referrals.tell.telling import Told
from spine import clock, keyset

ORDER = ("-occurred_at", "-id")
SHOWN_AT_HOME = 5
SHOWN = 20


@dataclass(frozen=True)
class Entry:
    """One line in words with the steps that led to it."""

    told: Told
    steps: Sequence[Step]


def panel(person: Person, at: datetime) -> Mapping[str, Any]:
    """What an advocate's home shows of their story; six queries however long it is."""
    page = keyset.page(stories.of(person), order=ORDER, limit=SHOWN_AT_HOME)
    return {**_funnel(person, at), "entries": _entries(page.rows, person, at), "is_all": page.next_cursor is None}


@require_safe
@login_required
def story(request: AuthenticatedRequest) -> HttpResponse:
    """The whole story, the newest first."""
    person, at = request.user.person, clock.now()
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(stories.of(person), order=ORDER, limit=SHOWN, **cursors)
    context = {**_funnel(person, at), "page": page, "entries": _entries(page.rows, person, at)}
    return render(request, "referrals/story.html", context)


def _funnel(person: Person, at: datetime) -> dict[str, Any]:
    found = funnel.of(person)
    return {"funnel": found, "sentence": "" if found.is_empty else funnel.sentence(found, at)}


def _entries(lines: Sequence[StoryLine], person: Person, at: datetime) -> list[Entry]:
    if not lines:
        return []
    decisions = {each.conversion_id: each for each in stories.standing(line.conversion_id for line in lines)}
    steps = explain.many(list(decisions.values()), for_advocate=person)
    return [
        Entry(telling.tell(line, decisions[line.conversion_id], at), steps[decisions[line.conversion_id].pk])
        for line in lines
    ]
