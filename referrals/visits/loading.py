"""Takes spool files into the database: every visit once, wherever it is interrupted."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.db import transaction

from referrals.models import SpoolMark
from referrals.visits import clicks
from referrals.visits.spool import SUFFIX, parse

logger = logging.getLogger(__name__)

# About 1500 lines: one transaction.
CHUNK = 96 * 1024


@dataclass
class Round:
    """What one look through a spool found: lines taken, those among them that can't be read, files still written to."""

    lines: int = 0
    broken: int = 0
    live: int = 0


def load(folder: Path, at: datetime) -> Round:
    """Load all complete lines of a spool, and delete each file whose writer is gone.

    How far a file is loaded is committed together with its visits. Lines that can't be read are passed over and logged.
    """
    found = Round()
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            with path.open("rb") as file:
                _load(path, file, found, at)
        except FileNotFoundError:
            # Another loader was faster.
            continue
    return found


def unloaded_bytes(folder: Path) -> int:
    """How many bytes of a spool are not in the database yet."""
    sizes: dict[str, int] = {}
    for path in folder.glob(f"*{SUFFIX}"):
        # The loader may be deleting it.
        with suppress(FileNotFoundError):
            sizes[path.name] = path.stat().st_size
    loaded = dict(SpoolMark.objects.filter(name__in=sizes).values_list("name", "offset"))
    return sum(max(size - loaded.get(name, 0), 0) for name, size in sizes.items())


def _load(path: Path, file: BinaryIO, found: Round, at: datetime) -> None:
    # Asked before reading: if nobody writes any more, then what is read to the end is all there will ever be.
    is_whole = _has_no_writer(file)
    broken = 0
    for lines, end in _chunks(file, SpoolMark.objects.filter(name=path.name).values_list("offset", flat=True).first()):
        visits = [visit for line in lines if (visit := parse(line))]
        broken += len(lines) - len(visits)
        found.lines += len(lines)
        with transaction.atomic():
            clicks.take(visits)
            _mark(path.name, end, at)
    if is_whole:
        broken += bool(file.read(1))
        # In this order: the other way round a crash in between would leave a mark that nobody deletes.
        SpoolMark.objects.filter(name=path.name).delete()
        path.unlink()
    else:
        found.live += 1
    if broken:
        found.broken += broken
        logger.warning("%s lines of %s can't be read and are passed over", broken, path.name)


def _chunks(file: BinaryIO, offset: int | None) -> Iterator[tuple[list[bytes], int]]:
    """The complete lines of a file from an offset on, some at a time, each time with the offset behind them.

    Leaves the file at the beginning of a line that has no end yet.
    """
    position = file.seek(offset or 0)
    while chunk := file.read(CHUNK):
        end = chunk.rfind(b"\n") + 1
        # What is longer than a whole chunk and has no end is no line, and must not stand before those behind it.
        if not end and len(chunk) == CHUNK:
            end = CHUNK
        position = file.seek(position + end)
        if not end:
            return
        yield [line for line in chunk[:end].split(b"\n") if line], position


def _mark(name: str, offset: int, at: datetime) -> None:
    SpoolMark.objects.bulk_create(
        [SpoolMark(name=name, offset=offset, loaded_at=at)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["offset", "loaded_at"],
    )


def _has_no_writer(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
