"""Backups: one archive with the database, the uploads and a manifest that says what must be in it."""

import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast
from uuid import UUID

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from advocacy_platform import dumps
from customers import privacy
from customers.models import Person, PrivacyRequest
from spine import guards

FORMAT = 1
MANIFEST, DATABASE, MEDIA = "manifest.json", "database", "media"
MAKING = ".making-"
# No backup takes so long.
ABANDONED = timedelta(days=1)
_DAILY = re.compile(r"daily-(\d{4}-\d{2}-\d{2})\.tar\.gz\Z")


class UnusableBackup(Exception):
    """The archive must not be restored here; the message says why. Nothing was touched."""


@dataclass(frozen=True)
class Restored:
    """What a restore did."""

    made_at: str
    version: str
    # How many people were erased after the backup was made, and are asked to be erased again.
    erased_again: int


def make(at: datetime, path: Path) -> Path:
    """Write a backup to `path`, which appears there whole or not at all. Raises dumps.DumpFailed."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=MAKING, dir=path.parent) as folder:
        dump, archive = Path(folder) / DATABASE, Path(folder) / "archive"
        dumps.dump(dump)
        with tarfile.open(archive, "x:gz", compresslevel=3) as tar:
            members = {DATABASE: _add(tar, DATABASE, dump)}
            # After the database: a picture that a row names was stored before the row was.
            for name, file in _uploads():
                members[name] = _add(tar, name, file)
            _add_manifest(tar, at, members)
        archive.chmod(0o600)
        with archive.open("rb") as written:
            os.fsync(written.fileno())
        archive.replace(path)
    return path


def restore(path: Path, at: datetime) -> Restored:
    """Put the database and the uploads back as the backup holds them.

    Everything is checked before anything is touched, and it may be run again if it was interrupted. People who were
    erased since the backup was made come back with it, so their erasure is asked for again. Raises UnusableBackup or
    dumps.DumpFailed.
    """
    with _unpacked(path) as folder:
        manifest = _checked(folder)
        erased = _erased()
        dumps.load(folder / DATABASE)
        if manifest["media"]:
            _put_back(folder / MEDIA)
    call_command("migrate", interactive=False, verbosity=0)
    guards.install()
    return Restored(manifest["made_at"], manifest["version"], _erase_again(erased, at))


def backup_daily(at: datetime) -> int:
    """Make today's backup unless there is one, and delete daily ones past their days; return how many were made."""
    if not settings.BACKUP_DAILY:
        return 0
    _prune(at)
    today = settings.BACKUP_DIR / f"daily-{at.astimezone(UTC):%Y-%m-%d}.tar.gz"
    if today.exists():
        return 0
    make(at, today)
    return 1


def age(at: datetime) -> timedelta | None:
    """How old the newest daily backup is, by the day in its name; None where none are made, or none yet."""
    if not settings.BACKUP_DAILY:
        return None
    newest = max((day for _path, day in _daily()), default=None)
    return at - newest if newest else None


def _daily() -> Iterator[tuple[Path, datetime]]:
    for path in settings.BACKUP_DIR.glob("daily-*.tar.gz"):
        if named := _DAILY.search(path.name):
            yield path, datetime.fromisoformat(named[1]).replace(tzinfo=UTC)


def _prune(at: datetime) -> None:
    kept_since = at - timedelta(days=settings.RETENTION_DAYS["backups"])
    for path, day in _daily():
        if day < kept_since:
            path.unlink(missing_ok=True)
    # What was killed half-way holds the whole database, and nobody would ever look there.
    for folder in settings.BACKUP_DIR.glob(f"{MAKING}*"):
        if folder.stat().st_mtime < time.time() - ABANDONED.total_seconds():
            shutil.rmtree(folder, ignore_errors=True)


def _uploads() -> Iterator[tuple[str, Path]]:
    """Uploads that lie on this machine; a bucket keeps versions of its own."""
    if isinstance(default_storage, FileSystemStorage):
        root = Path(default_storage.location)
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield f"{MEDIA}/{path.relative_to(root).as_posix()}", path


def _add(tar: tarfile.TarFile, name: str, path: Path) -> str:
    """Add one file and return the SHA-256 of what was added."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        member = tar.gettarinfo(arcname=name, fileobj=file)
        member.mode, member.uid, member.gid, member.uname, member.gname = 0o600, 0, 0, "", ""
        tar.addfile(member, cast(IO[bytes], _Hashed(file, digest)))
    return digest.hexdigest()


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes], digest: Any) -> None:
        self.file, self.digest = file, digest

    def read(self, size: int = -1) -> bytes:
        piece = self.file.read(size)
        self.digest.update(piece)
        return piece


def _add_manifest(tar: tarfile.TarFile, at: datetime, members: dict[str, str]) -> None:
    manifest = {
        "format": FORMAT,
        "version": settings.VERSION,
        "engine": connection.vendor,
        "made_at": at.isoformat(),
        "media": isinstance(default_storage, FileSystemStorage),
        "migrations": _names(MigrationLoader(connection).applied_migrations),
        "members": members,
    }
    content = json.dumps(manifest, indent=2).encode()
    info = tarfile.TarInfo(MANIFEST)
    info.size, info.mtime, info.mode = len(content), int(at.timestamp()), 0o600
    tar.addfile(info, BytesIO(content))


def _names(migrations: Any) -> list[str]:
    return sorted(f"{app}.{name}" for app, name in migrations)


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=settings.DATA_DIR) as folder:
        try:
            with tarfile.open(path, "r:gz") as tar:
                tar.extractall(folder, filter="data")
        except FileNotFoundError as absent:
            raise UnusableBackup(f"There is no file {path}.") from absent
        except (OSError, EOFError, tarfile.TarError, zlib.error) as broken:
            raise UnusableBackup("This is no backup, or it is cut off or damaged.") from broken
        yield Path(folder)


def _checked(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as broken:
        raise UnusableBackup("The backup has no manifest.") from broken
    unknown = sorted(set(manifest["migrations"]) - set(_names(MigrationLoader(None).disk_migrations)))
    for wrong, sentence in (
        (manifest["format"] != FORMAT, "The backup is of a form that this version does not know."),
        (
            manifest["engine"] != connection.vendor,
            f"The backup is of {manifest['engine']}, this site runs on {connection.vendor}.",
        ),
        (
            _number(manifest["version"]) > _number(settings.VERSION),
            f"The backup is of version {manifest['version']}, which is newer than this one.",
        ),
        (unknown, f"The backup has migrations that this version does not know: {', '.join(unknown)}."),
        (_sums(folder) != manifest["members"], "A checksum of the backup does not match: it is damaged."),
    ):
        if wrong:
            raise UnusableBackup(sentence)
    return manifest


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _sums(folder: Path) -> dict[str, str]:
    sums = {}
    for path in folder.rglob("*"):
        if path.is_file() and path != folder / MANIFEST:
            with path.open("rb") as file:
                sums[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return sums


def _put_back(folder: Path) -> None:
    root = Path(default_storage.location)  # type: ignore[attr-defined]
    kept = set()
    for path in folder.rglob("*"):
        if path.is_file():
            target = root / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            coming = target.with_name(f".{target.name}.coming")
            shutil.copyfile(path, coming)
            coming.replace(target)
            kept.add(target)
    for path in [path for path in root.rglob("*") if path.is_file() and path not in kept]:
        path.unlink()


def _erased() -> list[UUID]:
    """Who was erased or asked to be, as far as the present database can tell."""
    try:
        if PrivacyRequest._meta.db_table not in connection.introspection.table_names():
            return []
        # An erasure is done once the files are gone, which may be long after the rows.
        asked = PrivacyRequest.objects.filter(kind=PrivacyRequest.Kind.ERASE)
        return list(asked.values_list("person_id", flat=True).distinct())
    except DatabaseError:
        return []


def _erase_again(erased: list[UUID], at: datetime) -> int:
    back = Person.objects.filter(pk__in=erased).exclude(
        pk__in=PrivacyRequest.objects.filter(
            kind=PrivacyRequest.Kind.ERASE, done_at__isnull=False, person_id__in=erased
        ).values("person_id")
    )
    return len([privacy.request(person, PrivacyRequest.Kind.ERASE, at) for person in back])
