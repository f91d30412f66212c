"""Who is credited for somebody, and their right to end it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from advocates.models import Advocate
from customers.models import Person
from referrals import conversions
from referrals.models import Conversion, CutClick, Link, TieCut, Touch
from referrals.visits import cookie, tokens
from spine import audit, events
from spine.inserts import insert_once


@dataclass(frozen=True)
class Visit:
    """One visit by an advocate's link that this browser remembers."""

    program: str
    # Empty where the advocate did not agree to be named.
    name: str
    at: datetime


def visits(cookie_value: str, at: datetime) -> list[Visit]:
    """The visits that the browser's cookie proves, the latest first; those that count for nobody any more left out."""
    told = _told(cookie_value, at)
    links = Link.objects.select_related("program").in_bulk([token.link for token in told])
    cut = set(CutClick.objects.filter(click_id__in=[token.click for token in told]).values_list("click_id", flat=True))
    names = named(link.person_id for link in links.values())
    found = [(token, links[token.link]) for token in told if token.link in links and token.click not in cut]
    return [
        Visit(link.program.name, names.get(link.person_id, ""), token.at)
        for token, link in sorted(found, key=lambda pair: pair[0].at, reverse=True)
    ]


@transaction.atomic
def forget(cookie_value: str, at: datetime) -> int:
    """Let the visits that the cookie proves count for nobody, also where the shop has them; return how many."""
    told = {token.click for token in _told(cookie_value, at)}
    cut = insert_once([CutClick(click_id=click, at=at) for click in sorted(told)], key=["click_id"])
    touched = Touch.objects.filter(click_id__in=[click.click_id for click in cut])
    conversions.open_for(set(touched.values_list("person", flat=True)), at)
    return len(cut)


def credited(person: Person) -> models.QuerySet[Conversion]:
    """What was credited to somebody because of this person's orders and sign-ups, the latest first."""
    standing = Conversion.objects.filter(referred_person=person, credited_person__isnull=False)
    return standing.select_related("program").order_by("-occurred_at", "-pk")


def named(people: Iterable[object]) -> dict[object, str]:
    """The names of those who agreed to be named to friends, by person."""
    agreed = Advocate.objects.filter(person__in=list(people), is_named_to_friends=True)
    return dict(agreed.values_list("person", "display_name"))


@transaction.atomic
def cut(person: Person, actor: audit.Party, at: datetime) -> None:
    """Take the person at their word that nobody referred them: no touch until now counts for anybody."""
    if not insert_once([TieCut(person=person, at=at)], key=["person", "at"]):
        return
    subject = ("person", str(person.pk))
    audit.record(actor, "tie.cut", subject, at=at)
    key = f"tie.cut:{person.pk}:{at.isoformat()}"
    events.record("tie.cut", person=person.pk, subject=subject, at=at, key=key)
    conversions.open_for([person], at)


def _told(cookie_value: str, at: datetime) -> Sequence[tokens.Token]:
    proved = (tokens.read(text, at) for text in cookie.verified(cookie_value, at))
    return [token for token in proved if token is not None]
