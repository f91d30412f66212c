"""Where the code of a link leads, as each web process remembers it for a few seconds."""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.encoding import iri_to_uri

from referrals import programs
from referrals.models import Code, Program
from referrals.models.program import State
from referrals.share import codes, destinations
from rewards.plans import PlanDocument
from spine import clock

# Seconds after which a change has reached every process.
LIVES = 5.0
# Where a token goes into an address; nobody can know it, and so write it into one.
_PLACE = secrets.token_hex(16)
# No code is longer, however its letters are encoded; whatever is longer would only fill the memory.
_LONGEST_KEY = 4 * codes.LONGEST


@dataclass(frozen=True)
class Landing:
    """What is remembered of a link: where it lands its visitors, and what they may bring along."""

    link: int
    code: str
    slug: str
    destination: str
    hosts: tuple[str, ...]
    utm: Mapping[str, str]
    asks_consent: bool
    # The friend's benefit is handed out on a page of ours, before they go on to the shop.
    has_friend_page: bool
    # How far the site's clock is ahead of the machine's, in seconds.
    ahead: float

    def url(self, token: str, to: str = "") -> str:
        """Where this visit goes on to: `to` if the program allows it, with the token if there is one."""
        allowed = destinations.allowed(self, to) if to else None
        before, after, bare = self._parts(allowed) if allowed else self._usual
        return f"{before}{token}{after}" if token else bare

    @cached_property
    def _usual(self) -> tuple[str, str, str]:
        return self._parts(None)

    def _parts(self, page: str | None) -> tuple[str, str, str]:
        """What stands before a token and what behind it; and the whole address of a visit that gets none."""
        before, _, after = self._address(page, {destinations.TOKEN: _PLACE}).rpartition(_PLACE)
        return before, after, self._address(page, {})

    def _address(self, page: str | None, token: Mapping[str, str]) -> str:
        if self.has_friend_page:
            onward = {"to": page} if page else {}
            return destinations.with_query(reverse("referrals:welcome", args=[self.code]), {**token, **onward})
        page = page or destinations.allowed(self, self.destination) or iri_to_uri(self.destination)
        return iri_to_uri(destinations.with_query(page, {**destinations.utm(self), **token}))


@dataclass(frozen=True)
class Lost:
    """What is remembered of a code that leads nowhere: 404 for one that never did, 410 once its advocate is erased."""

    status: int
    # Where whoever came may go instead; empty if nobody knows.
    shop: str = ""


E = TypeVar("E")


@dataclass
class Memory(Generic[E]):
    """A bounded number of entries; the one that has been there longest makes room."""

    most: int
    entries: dict[str, tuple[float, E]] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.Lock)

    def fresh(self, key: str) -> E | None:
        """What is remembered, unless it is older than five seconds."""
        found = self.entries.get(key)
        return found[1] if found and found[0] > time.monotonic() else None

    def stale(self, key: str) -> E | None:
        """What is remembered, however old; it then passes for fresh again, so that not every visitor waits."""
        found = self.entries.get(key)
        if found:
            self.keep(key, found[1])
        return found[1] if found else None

    def keep(self, key: str, entry: E) -> None:
        """Remember it from now on."""
        if len(key) > _LONGEST_KEY:
            return
        with self._lock:
            self.entries.pop(key, None)
            if len(self.entries) >= self.most:
                del self.entries[next(iter(self.entries))]
            self.entries[key] = (time.monotonic() + LIVES, entry)

    def forget(self) -> None:
        """Remember nothing."""
        with self._lock:
            self.entries.clear()


LANDINGS: Memory[Landing] = Memory(50_000)
LOST: Memory[Lost] = Memory(10_000)


def look_up(text: str, at: datetime) -> Landing | Lost:
    """Where a code leads at an instant, read from the database."""
    code = codes.find(text)
    if code is None:
        return _lost(text)
    program = Program.objects.get(pk=code.link.program_id)
    prefetch_related_objects([program], "state_changes", "terms__plan")
    state = programs.state_at(program, at)
    if state == State.DRAFT:
        return Lost(404)
    return Landing(
        link=code.link_id,
        code=code.text,
        slug=program.slug,
        destination=program.destination,
        hosts=tuple(program.hosts),
        utm=program.utm,
        asks_consent=program.asks_consent,
        has_friend_page=state == State.LIVE and _is_welcoming(program, at),
        ahead=clock.offset().total_seconds(),
    )


def _lost(text: str) -> Lost:
    if not text or len(text) > codes.LONGEST:
        return Lost(404)
    erased = Code.objects.select_related("link__program").filter(key=codes.key(text)).first()
    return Lost(410, erased.link.program.destination) if erased else Lost(404)


def _is_welcoming(program: Program, at: datetime) -> bool:
    terms = programs.terms_at(program, at)
    benefit = PlanDocument.read(terms.plan.document).of("friend") if terms else None
    return benefit is not None and benefit.when == "before"
