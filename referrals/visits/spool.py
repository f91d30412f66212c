"""The file in which a web process writes down each visit before it answers, for the loader to take."""

import fcntl
import logging
import os
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from referrals.visits import bots

logger = logging.getLogger(__name__)

SUFFIX = ".clicks"
# A file that is full is closed, so that the loader can delete it.
MOST_BYTES = 8 * 1024 * 1024
CHANNELS = frozenset(["email", "whatsapp", "x", "facebook", "linkedin", "sms", "share", "qr", "copy"])
# Until the year 2200: later than any clock of ours, and early enough for every database.
_LAST_MILLIS = 7_258_118_400_000


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit as it stands in the spool; `reason` says why it is a machine's, and is empty for a person's."""

    click: UUID
    link: int
    millis: int
    reason: str
    channel: str
    is_first: bool

    @property
    def at(self) -> datetime:
        """When it was, by the site's clock."""
        return datetime.fromtimestamp(self.millis / 1000, UTC)


def line(click: bytes, link: int, millis: int, reason: str, channel: str, *, is_first: bool) -> bytes:
    """A visit as one line."""
    return f"{click.hex()}\t{link}\t{millis}\t{reason}\t{channel}\t{is_first:d}\n".encode()


def parse(text: bytes) -> Visit | None:
    """The visit that a line tells of; None for a line that was cut off, or that no process of ours has written."""
    try:
        click, link, millis, reason, channel, is_first = text.decode("ascii").split("\t")
        visit = Visit(UUID(click), int(link), int(millis), reason, channel, is_first == "1")
    except ValueError:
        return None
    is_sound = 0 < visit.link < 2**63 and 0 < visit.millis < _LAST_MILLIS and is_first in ("0", "1")
    return visit if is_sound and reason in {"", *bots.REASONS} and channel in {"", *CHANNELS} else None


class Spool:
    """This process' own file, locked for as long as the process lives, so that the loader knows when it is whole."""

    def __init__(self) -> None:
        self.lost = 0
        self._lock = threading.Lock()
        self._file: int | None = None
        self._size = 0
        self._is_torn = False

    def append(self, text: bytes) -> None:
        """Write one line with one call. A disk that takes none costs the line, is logged once, and stops nobody."""
        with self._lock:
            try:
                self._write(text)
            except OSError as failure:
                self.lost += 1
                if self.lost == 1:
                    logger.exception("a visit could not be written down: %s", failure.strerror)
                return
            if self.lost:
                logger.warning("visits are written down again; %s were not", self.lost)
                self.lost = 0

    def close(self) -> None:
        """Leave the file to the loader; the next line begins another one."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def begin_anew(self) -> None:
        """In a forked process: let go of the parent's file, and of its lock, which somebody may have held."""
        self._lock = threading.Lock()
        self.close()

    def _write(self, text: bytes) -> None:
        if self._file is None or self._size >= MOST_BYTES:
            self.close()
            self._file, self._size, self._is_torn = _open(Path(settings.DATA_DIR) / "spool"), 0, False
        # What a full disk cut off ends here, so that it spoils no line but its own.
        whole = b"\n" + text if self._is_torn else text
        written = os.write(self._file, whole)
        self._size += written
        self._is_torn = written < len(whole)
        if self._is_torn:
            raise OSError(0, "the disk took a part of it")


def _open(folder: Path) -> int:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        path = folder / f"{os.getpid()}-{secrets.token_hex(8)}{SUFFIX}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        # The loader deletes files that nobody holds: it may have met this one before it was locked.
        if os.fstat(file).st_nlink:
            return file
        os.close(file)


SPOOL = Spool()
os.register_at_fork(after_in_child=SPOOL.begin_anew)
