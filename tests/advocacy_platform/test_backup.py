import io
import json
import os
import shutil
import tarfile
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import override_settings

from advocacy_platform import backups, dumps, privacy
from advocates.models import Advocate, User
from advocates.staff import party
from customers.models import PrivacyRequest
from spine import audit, guards
from spine.models import AuditEntry
from tests.factories import NOON, make_advocate


@pytest.fixture
def place(tmp_path):
    """Folders of the test's own for uploads and backups."""
    with override_settings(MEDIA_ROOT=tmp_path / "media", BACKUP_DIR=tmp_path / "backups", BACKUP_DAILY=True):
        yield tmp_path


@pytest.fixture
def backup(transactional_db, place):
    """A backup that holds Ben with his picture and one act."""
    ben = make_advocate("ben")
    ben.avatar.save("ben.png", ContentFile(b"a picture"))
    audit.record(party(ben.user), "profile.changed", ("advocate", "1"), at=NOON)
    return backups.make(NOON, place / "backup.tar.gz")


def rewritten(path: Path, **changes: object) -> Path:
    """The same backup with other words in its manifest."""
    other = path.with_name("other.tar.gz")
    with tarfile.open(path) as old, tarfile.open(other, "w:gz") as new:
        for member in old.getmembers():
            content = old.extractfile(member).read()
            if member.name == "manifest.json":
                content = json.dumps({**json.loads(content), **changes}).encode()
                member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return other


def test_puts_back_rows_and_pictures(backup, place):
    avatar = Advocate.objects.get().avatar.name
    Advocate.objects.update(display_name="Somebody else")
    make_advocate("late")
    default_storage.delete(avatar)
    default_storage.save("avatars/late.png", ContentFile(b"late"))

    call_command("restore", str(backup), "--yes", stdout=io.StringIO())

    assert Advocate.objects.get().display_name == "Ben"
    assert Path(default_storage.path(avatar)).read_bytes() == b"a picture"
    assert default_storage.listdir("avatars") == ([], [avatar.removeprefix("avatars/")])
    assert AuditEntry.objects.get().verb == "profile.changed"


def test_leaves_every_guard_standing(backup):
    guards.remove()

    backups.restore(backup, NOON)

    assert guards.missing() == []
    with pytest.raises(DatabaseError):
        AuditEntry.objects.update(verb="profile.forged")


def test_goes_on_counting_where_the_backup_stopped(backup):
    last = AuditEntry.objects.get().pk

    backups.restore(backup, NOON)

    assert audit.record(("user", "u"), "profile.changed", ("advocate", "1"), at=NOON).pk > last


def test_restores_what_misses_a_table(backup):
    call_command("migrate", "sessions", "zero", verbosity=0, interactive=False)

    backups.restore(backup, NOON)

    assert User.objects.get().email == "ben@example.com"
    assert "django_session" in connection.introspection.table_names()


def test_erases_again_whoever_was_erased_since(backup):
    ben = Advocate.objects.get()
    privacy.erase(ben.person, party(ben.user), NOON)
    privacy.run_due(NOON)

    restored = backups.restore(backup, NOON + timedelta(hours=1))

    assert restored.erased_again == 1
    assert PrivacyRequest.objects.get().due_at == NOON + timedelta(hours=1)

    privacy.run_due(NOON + timedelta(hours=1))

    assert not User.objects.exists()


def test_says_in_its_manifest_what_it_holds(backup):
    with tarfile.open(backup) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))

    avatar = Advocate.objects.get().avatar.name
    assert set(manifest["members"]) == {"database", f"media/{avatar}"}
    assert (manifest["engine"], manifest["version"], manifest["made_at"]) == (
        connection.vendor,
        settings.VERSION,
        "2026-11-21T12:00:00+00:00",
    )
    assert "spine.0001_initial" in manifest["migrations"]
    assert backup.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"engine": "oracle"}, "The backup is of oracle, this site runs on"),
        ({"version": "99.0.0"}, "The backup is of version 99.0.0, which is newer than this one."),
        ({"migrations": ["spine.9999_later"]}, "migrations that this version does not know: spine.9999_later."),
        ({"members": {"database": "0"}}, "A checksum of the backup does not match: it is damaged."),
        ({"format": 2}, "The backup is of a form that this version does not know."),
    ],
)
def test_refuses_a_backup_that_does_not_fit(backup, changes, sentence):
    Advocate.objects.update(display_name="As it is now")

    with pytest.raises(CommandError, match=sentence.replace(".", r"\.")):
        call_command("restore", str(rewritten(backup, **changes)), "--yes")

    assert Advocate.objects.get().display_name == "As it is now"


@pytest.mark.parametrize("length", [0, 100, 3000])
def test_refuses_a_backup_that_is_cut_off(backup, length):
    Advocate.objects.update(display_name="As it is now")
    short = backup.with_name("short.tar.gz")
    short.write_bytes(backup.read_bytes()[:length])

    with pytest.raises(backups.UnusableBackup):
        backups.restore(short, NOON)

    assert Advocate.objects.get().display_name == "As it is now"


def test_refuses_an_archive_that_reaches_outside(backup, place):
    evil = place / "evil.tar.gz"
    with tarfile.open(evil, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../outside"), io.BytesIO())

    with pytest.raises(backups.UnusableBackup):
        backups.restore(evil, NOON)


def test_restores_only_when_told_twice(backup):
    Advocate.objects.update(display_name="As it is now")

    with pytest.raises(CommandError, match="--yes"):
        call_command("restore", str(backup))

    assert Advocate.objects.get().display_name == "As it is now"


def test_prints_where_the_backup_is(transactional_db, place, capsys):
    call_command("backup")

    written = Path(capsys.readouterr().out.strip())
    assert written.parent == place / "backups"
    assert tarfile.is_tarfile(written)


def test_makes_one_backup_a_day(transactional_db, place):
    assert backups.backup_daily(NOON) == 1
    assert backups.backup_daily(NOON + timedelta(hours=11)) == 0
    assert backups.backup_daily(NOON + timedelta(hours=12)) == 1

    names = sorted(path.name for path in (place / "backups").iterdir())
    assert names == ["daily-2026-11-21.tar.gz", "daily-2026-11-22.tar.gz"]


def test_deletes_daily_backups_past_their_days(transactional_db, place):
    folder = place / "backups"
    folder.mkdir()
    for name in ("daily-2026-11-07.tar.gz", "daily-2026-11-08.tar.gz", "backup-2020-01-01.tar.gz"):
        (folder / name).touch()

    with override_settings(RETENTION_DAYS={"backups": 14}):
        backups.backup_daily(NOON.replace(hour=0))

    assert sorted(path.name for path in folder.iterdir()) == [
        "backup-2020-01-01.tar.gz",
        "daily-2026-11-07.tar.gz",
        "daily-2026-11-08.tar.gz",
        "daily-2026-11-21.tar.gz",
    ]

    with override_settings(RETENTION_DAYS={"backups": 14}):
        backups.backup_daily(NOON)

    assert not (folder / "daily-2026-11-07.tar.gz").exists()
    assert (folder / "daily-2026-11-08.tar.gz").exists()


def test_makes_no_daily_backup_where_it_is_switched_off(transactional_db, place):
    with override_settings(BACKUP_DAILY=False):
        assert backups.backup_daily(NOON) == 0

    assert not (place / "backups").exists()


@pytest.mark.embedded
def test_leaves_erased_rows_out_of_the_copy(transactional_db, place):
    ben = make_advocate("ben", bio="A very telltale biography")
    Advocate.objects.filter(pk=ben.pk).delete()
    copy = place / "copy"

    dumps.dump(copy)

    assert b"A very telltale biography" not in copy.read_bytes()


@pytest.mark.services
def test_names_the_package_that_is_missing(transactional_db, place, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert shutil.which("pg_dump") is None

    with pytest.raises(CommandError, match="postgresql-client"):
        call_command("backup")

    assert list((place / "backups").iterdir()) == []


def test_erases_again_whose_pictures_were_still_to_be_deleted(backup):
    ben = Advocate.objects.get()
    privacy.erase(ben.person, party(ben.user), NOON)

    restored = backups.restore(backup, NOON + timedelta(hours=1))
    privacy.run_due(NOON + timedelta(hours=1))

    assert restored.erased_again == 1
    assert not User.objects.exists()


def test_clears_away_what_a_killed_backup_left_behind(transactional_db, place):
    left, present = (place / "backups" / name for name in (".making-left", ".making-present"))
    for folder in (left, present):
        folder.mkdir(parents=True)
        (folder / "database").write_bytes(b"everybody")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(left, (two_days_ago, two_days_ago))

    backups.backup_daily(NOON)

    assert not left.exists()
    assert present.exists()
