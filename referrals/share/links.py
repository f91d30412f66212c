"""Links: giving every advocate of a live program one, and the codes by which they share it."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from advocates import suspending
from advocates.models import Advocate
from brand.models import Brand
from customers.models import Person
from referrals import programs
from referrals.models import Code, Link, Program
from referrals.share import codes
from spine import audit, events
from spine.inserts import insert_once
from spine.refusal import Refusal
from spine.updates import update_rows

BATCH = 500
# A sign-up may commit this much later than the instant at which it says that it happened.
LATE = timedelta(minutes=10)
# So many aliases may be chosen in such a time.
MOST_ALIASES, ALIASES_PER = 5, timedelta(days=30)


class AliasTaken(Refusal):
    """Somebody has, or once had, this code."""

    code = "alias_taken"
    sentence = _("Somebody has this code already. Choose another.")


class LinkGone(Refusal):
    """A link whose advocate was erased."""

    code = "link_gone"
    status = 404
    sentence = _("There is no such link any more.")


class TooManyAliases(Refusal):
    """Codes were chosen more often than one needs to."""

    code = "too_many_aliases"
    status = 429
    sentence = _("You can choose %(most)d codes in %(days)d days. All of yours go on working.")


@transaction.atomic
def give(program: Program, person: Person, at: datetime) -> Link:
    """The person's one link in the program, made with its permanent code where there is none yet."""
    _make(program, [person.pk], at)
    return Link.objects.get(program=program, person=person)


def give_due(at: datetime) -> int:
    """Give a link to a batch of advocates of each live program who have none; return how many got one."""
    return sum(_give_batch(program.pk, at) for program in programs.live(at) if _without(program).exists())


@transaction.atomic
def rename(link: Link, text: str, actor: audit.Party, at: datetime) -> Link:
    """Show the link under an alias from now on; every earlier code goes on leading to it.

    Going back to an earlier one is free. Raises AliasNotAllowed, AliasReserved, AliasTaken, LinkGone, Suspended,
    TooManyAliases.
    """
    if suspending.is_suspended(link.person_id, at):
        raise suspending.Suspended
    wanted = codes.alias(text, brand=Brand.current().name)
    locked = Link.objects.select_for_update(no_key=True).get(pk=link.pk)
    if not locked.code:
        raise LinkGone
    if wanted == locked.code:
        return locked
    if not locked.codes.filter(key=codes.key(wanted)).exists():
        _add_alias(locked, wanted, at)
    locked.code = wanted
    locked.save(update_fields=["code"])
    subject = ("link", str(locked.public_id))
    entry = audit.record(actor, "link.renamed", subject, at=at)
    key = f"link.renamed:{entry.pk}"
    events.record("link.renamed", person=locked.person_id, subject=subject, at=at, key=key)
    return locked


def url(link: Link, channel: str | None = None, to: str | None = None, code: str = "") -> str:
    """The address to share, with the button that it is shared by and the page on which it lands.

    By the code that is shown now, or by another `code` of the link's.
    """
    query = "&".join(
        f"{name}={quote(value, safe='')}" for name, value in (("s", channel), ("to", to)) if value is not None
    )
    return f"{settings.BASE_URL}/r/{code or link.code}" + (f"?{query}" if query else "")


def _add_alias(link: Link, text: str, at: datetime) -> None:
    chosen = link.codes.filter(is_permanent=False, created_at__gt=at - ALIASES_PER)
    if chosen.count() >= MOST_ALIASES:
        raise TooManyAliases(most=MOST_ALIASES, days=ALIASES_PER.days)
    alias = Code(link=link, text=text, key=codes.key(text), is_permanent=False, created_at=at)
    if not insert_once([alias], key=["key"]):
        raise AliasTaken


def _without(program: Program) -> models.QuerySet[Advocate]:
    """Advocates who may have no link in the program yet, by the instant at which they joined."""
    has_link = Link.objects.filter(program=program, person=OuterRef("person"))
    found = Advocate.objects.filter(~Exists(has_link)).order_by("joined_at", "pk")
    since = program.links_given_until
    return found.filter(joined_at__gte=since - LATE) if since else found


@transaction.atomic
def _give_batch(program_id: int, at: datetime) -> int:
    # Rows that point at the program may be written meanwhile; another sweep passes it over.
    held = Program.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=program_id).first()
    if held is None:
        return 0
    # Who is being erased is waited for, and then is not there any more.
    joined = list(_without(held).select_for_update(no_key=True, of=("self",)).values("person", "joined_at")[:BATCH])
    made = _make(held, [row["person"] for row in joined], at)
    if joined:
        until = max(joined[-1]["joined_at"], held.links_given_until or joined[-1]["joined_at"])
        Program.objects.filter(pk=program_id).update(links_given_until=until)
    return len(made)


def _make(program: Program, people: Iterable[uuid.UUID], at: datetime) -> Sequence[Link]:
    """Links with their permanent codes for those who have none."""
    wanted = [Link(program=program, person_id=person, code=codes.make(), created_at=at) for person in people]
    made = insert_once(wanted, key=["program", "person"])
    without = _give_codes(made, at)
    while without:
        for link in without:
            link.code = codes.make()
        left = _give_codes(without, at)
        update_rows(without, ["code"])
        without = left
    return made


def _give_codes(links: Sequence[Link], at: datetime) -> list[Link]:
    """Give each link its code for ever; return those whose code somebody has already."""
    rows = [
        Code(link=link, text=link.code, key=codes.key(link.code), is_permanent=True, created_at=at) for link in links
    ]
    placed = {row.link_id for row in insert_once(rows, key=["key"])}
    return [link for link in links if link.pk not in placed]
