"""Finding links for the staff, with what came of each lately."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from advocates import suspending
from advocates.models import Advocate
from referrals.models import Conversion, Link, LinkDay, Program
from referrals.share import codes

LATELY = 30
# A name that fits more people than this says too little.
MOST_PEOPLE = 100
HEAD = ("program", "advocate", "username", "code", "given_at", "visits", "friends", "credited")


@dataclass(frozen=True)
class Row:
    """One link and its last 30 days."""

    link: Link
    visits: int
    friends: int
    credited: int
    is_suspended: bool


def find(program: Program | None = None, search: str = "") -> QuerySet[Link]:
    """The links that match, in no order yet: by any code that ever led to one, a username or a part of a name."""
    found = Link.objects.select_related("program", "person__advocate")
    if program:
        found = found.filter(program=program)
    return found.filter(_named(search)) if search else found


def rows(links: Sequence[Link], at: datetime) -> list[Row]:
    """The links with their last 30 days; three queries for any number."""
    people = {link.person_id for link in links}
    days = _lately(LinkDay.objects.filter(link__in=links), at).values_list("link")
    visits = {link: (of_people, people) for link, of_people, people in days.annotate(Sum("qualified"), Sum("people"))}
    credited = Conversion.objects.filter(credited_person__in=people, occurred_at__gte=_since(at))
    counted = credited.filter(state="credited").order_by().values_list("program", "credited_person")
    conversions = {(program, person): number for program, person, number in counted.annotate(Count("pk"))}
    suspended = suspending.suspended_among(people, at)
    found = []
    for link in links:
        seen, friends = visits.get(link.pk, (0, 0))
        number = conversions.get((link.program_id, link.person_id), 0)
        found.append(Row(link, seen, friends, number, link.person_id in suspended))
    return found


def table(found: QuerySet[Link], at: datetime) -> Iterator[list[object]]:
    """The links as rows of a sheet, read from the database as they are sent."""
    days = _lately(LinkDay.objects.filter(link=OuterRef("pk")), at).values("link")
    credited = Conversion.objects.filter(
        credited_person=OuterRef("person"), program=OuterRef("program"), state="credited", occurred_at__gte=_since(at)
    )
    numbered = found.annotate(
        visits=_number(days.annotate(number=Sum("qualified"))),
        friends=_number(days.annotate(number=Sum("people"))),
        credited=_number(credited.order_by().values("program").annotate(number=Count("pk"))),
    )
    profile = ("person__advocate__display_name", "person__advocate__username")
    columns = ("program__name", *profile, "code", "created_at", "visits", "friends", "credited")
    for program, name, username, code, given_at, *numbers in (
        numbered.order_by("-id").values_list(*columns).iterator(chunk_size=1000)
    ):
        yield [program, name, username, code, given_at.isoformat(), *numbers]


def _named(text: str) -> Q:
    code = codes.find(text)
    named = Q(display_name__icontains=text) | Q(username=text.lower())
    people = list(Advocate.objects.filter(named).order_by("pk").values_list("person", flat=True)[:MOST_PEOPLE])
    return Q(person__in=people) | Q(pk=code.link_id if code else None)


def _since(at: datetime) -> datetime:
    return at - timedelta(days=LATELY)


def _lately(days: QuerySet[LinkDay], at: datetime) -> QuerySet[LinkDay]:
    return days.filter(day__gt=_since(at).astimezone(UTC).date()).order_by()


def _number(rows: QuerySet) -> Coalesce:
    return Coalesce(Subquery(rows.values("number"), output_field=IntegerField()), 0)
