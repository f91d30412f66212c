"""Touches: what a shop or a page tells of somebody's contact with advocates' links and codes, read and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from customers.models import Lead, Order, Person
from referrals.models import CutClick, FriendCode, Link, Touch
from referrals.share import codes
from referrals.visits import tokens
from spine.inserts import insert_once

# So many tokens are read, however many come.
MOST = 10


@dataclass(frozen=True)
class Told:
    """What came along with somebody: tokens of visits, the code that they typed, the coupon that they used."""

    tokens: tuple[str, ...] = ()
    code: str = ""
    coupon: str = ""


@dataclass(frozen=True)
class Contact:
    """One contact that was told and can be believed; a visit brings its own instant."""

    kind: Touch.Kind
    # What it was by: the id of the click or of the code, or the coupon in capitals.
    by: str
    link: int
    program: int
    click: UUID | None = None
    touched_at: datetime | None = None


def take(
    person: Person,
    told: Told,
    *,
    touched_at: datetime,
    at: datetime,
    order: Order | None = None,
    lead: Lead | None = None,
) -> list[Touch]:
    """Keep what was told of a person, and return what was new of it. Codes and coupons were used at `touched_at`."""
    return keep(person.pk, read(told, at), touched_at=touched_at, at=at, order=order, lead=lead)


def read(told: Told, at: datetime) -> list[Contact]:
    """What can be believed of it. A token that is malformed, forged, cut or from the future tells nothing."""
    return [*_visits(told.tokens, at), *_typed(told.code), *_used(told.coupon)]


def keep(
    person: UUID,
    contacts: Sequence[Contact],
    *,
    touched_at: datetime,
    at: datetime,
    order: Order | None = None,
    lead: Lead | None = None,
) -> list[Touch]:
    """Keep contacts of a person, each once, and return the new ones."""
    fact = order or lead
    # Somebody who types a code on a page, without an order, is heard once a day.
    typed = fact.public_id if fact else f"{touched_at.astimezone(UTC):%Y-%m-%d}"
    rows = [
        Touch(
            key=f"{contact.kind}:{contact.by}:{person}" + ("" if contact.click else f":{typed}"),
            kind=contact.kind,
            link_id=contact.link,
            program_id=contact.program,
            person_id=person,
            touched_at=contact.touched_at or touched_at,
            recorded_at=at,
            click_id=contact.click,
            order=order,
            lead=lead,
        )
        for contact in contacts
    ]
    # In one order for everybody, so that nobody waits for a key in a circle.
    return insert_once(sorted(rows, key=lambda row: row.key), key=["key"])


def used_codes(rows: Sequence[Touch]) -> dict[tuple[int, int], str]:
    """The friends' codes, in capitals, that these touches say were used, by order and program; the first of each."""
    # A coupon's touch is named after it, its person and its order: see `keep`.
    used = [(row, row.key.partition(":")[2].rsplit(":", 2)[0]) for row in rows if row.kind == Touch.Kind.COUPON]
    if not used:
        return {}
    given = FriendCode.objects.filter(pool_code__folded__in={code for _row, code in used})
    theirs = set(given.values_list("program", "pool_code__folded"))
    found: dict[tuple[int, int], str] = {}
    for row, code in used:
        if row.order_id and (row.program_id, code) in theirs:
            found.setdefault((row.order_id, row.program_id), code)
    return found


def _visits(texts: Sequence[str], at: datetime) -> list[Contact]:
    read = [token for text in texts[:MOST] if (token := tokens.read(text, at))]
    if not read:
        return []
    programs = dict(Link.objects.filter(pk__in={token.link for token in read}).values_list("pk", "program_id"))
    clicks = {token.click for token in read}
    cut = set(CutClick.objects.filter(click_id__in=clicks).values_list("click_id", flat=True))
    return [
        Contact(Touch.Kind.LINK, str(token.click), token.link, programs[token.link], token.click, token.at)
        for token in read
        if token.link in programs and token.click not in cut
    ]


def _typed(text: str) -> list[Contact]:
    code = codes.find(text)
    return [Contact(Touch.Kind.CODE, str(code.pk), code.link_id, code.link.program_id)] if code else []


def _used(text: str) -> list[Contact]:
    """A coupon is a code that the friend page handed out, or an advocate's own."""
    if not text:
        return []
    folded = codes.fold(text)
    given = FriendCode.objects.filter(pool_code__folded=folded).first()
    if given:
        return [Contact(Touch.Kind.COUPON, folded, given.link_id, given.program_id)]
    code = codes.find(text)
    return [Contact(Touch.Kind.COUPON, folded, code.link_id, code.link.program_id)] if code else []
