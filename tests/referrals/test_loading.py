import fcntl
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command

from referrals.models import Click, LinkDay, ProgramDay, SpoolMark
from referrals.visits import bots, clicks, loading
from referrals.visits.spool import SPOOL, Visit, line
from tests.factories import NOON, make_link, make_program

DAY = date(2026, 11, 21)


@pytest.fixture
def link(ben):
    return make_link(make_program(), ben, "BEN42")


def text(link, *, at=NOON, click=None, reason="", channel="", is_first=True):
    millis = int(at.timestamp() * 1000)
    return line((click or uuid4()).bytes, getattr(link, "pk", link), millis, reason, channel, is_first=is_first)


def leave(folder, *lines, name="1-a.clicks"):
    """A file whose writer is gone."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"".join(lines))


def days(model):
    return list(model.objects.order_by("day").values_list("day", "raw", "qualified"))


def test_loads_a_visit_as_it_was(link, spool):
    leave(spool, text(link, click=UUID(int=1), channel="qr", is_first=False), text(link, reason=bots.HEAD))

    found = loading.load(spool, NOON)

    click = Click.objects.get(pk=UUID(int=1))
    assert (found.lines, found.broken, found.live) == (2, 0, 0)
    assert (click.link, click.at, click.verdict, click.reason) == (link, NOON, "human", "")
    assert (click.channel, click.is_first) == ("qr", False)
    assert list(Click.objects.exclude(pk=click.pk).values_list("verdict", "reason")) == [("bot", "head")]
    assert days(LinkDay) == days(ProgramDay) == [(DAY, 2, 1)]


def test_counts_a_visit_on_its_utc_day(link, spool):
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    leave(spool, text(link, at=midnight - timedelta(milliseconds=1)), text(link, at=midnight))

    loading.load(spool, NOON)

    assert days(LinkDay) == [(DAY, 1, 1), (DAY + timedelta(days=1), 1, 1)]


def test_adds_to_days_that_are_there(link, spool, cleo):
    other = make_link(link.program, cleo)
    ProgramDay.objects.create(program=link.program, day=DAY, raw=5, qualified=3, credited=2, revenue=100)
    leave(spool, text(link), text(link, reason=bots.CRAWLER), text(other))

    loading.load(spool, NOON)

    day = ProgramDay.objects.get()
    assert (day.raw, day.qualified, day.credited, day.revenue) == (8, 5, 2, 100)
    assert set(LinkDay.objects.values_list("link", "raw", "qualified")) == {(link.pk, 2, 1), (other.pk, 1, 1)}


def test_counts_the_same_visits_once_however_often_they_come(link, spool):
    lines = [text(link) for _ in range(3)]
    leave(spool, *lines, lines[0])
    loading.load(spool, NOON)
    leave(spool, *lines, text(link))

    loading.load(spool, NOON)

    assert Click.objects.count() == 4
    assert days(LinkDay) == [(DAY, 4, 4)]


def test_deletes_a_file_whose_writer_is_gone(link, spool):
    leave(spool, text(link))

    loading.load(spool, NOON)

    assert list(spool.iterdir()) == []
    assert not SpoolMark.objects.exists()


def test_goes_on_in_a_file_that_is_still_written_to(link, spool, django_assert_max_num_queries):
    SPOOL.append(text(link))
    first = loading.load(spool, NOON)
    SPOOL.append(text(link))
    second = loading.load(spool, NOON)
    [path] = spool.iterdir()
    mark = SpoolMark.objects.get()
    with django_assert_max_num_queries(1):
        idle = loading.load(spool, NOON)
    SPOOL.close()
    loading.load(spool, NOON)

    assert (first.lines, second.lines, idle.lines) == (1, 1, 0)
    assert (first.live, idle.live) == (1, 1)
    assert (mark.name, mark.offset) == (path.name, 2 * len(text(link)))
    assert Click.objects.count() == 2
    assert not path.exists()


def test_waits_for_the_rest_of_a_line(link, spool):
    whole = text(link)
    leave(spool, whole[:30])
    path = spool / "1-a.clicks"
    with path.open("ab") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        first = loading.load(spool, NOON)
        writer.write(whole[30:])
        writer.flush()
        second = loading.load(spool, NOON)

    assert (first.lines, second.lines, second.broken) == (0, 1, 0)
    assert Click.objects.count() == 1


@pytest.mark.parametrize(
    "rubbish",
    [b"torn\t4\n", b"\n\n", b"\0" * 300 + b"\n", "é\n".encode(), b"x" * 300_000 + b"\n", b"x" * loading.CHUNK],
    ids=["torn", "empty", "nul", "not ASCII", "endless", "exactly a chunk"],
)
def test_passes_over_what_it_cannot_read(link, spool, caplog, rubbish):
    leave(spool, text(link), rubbish, b"\n", text(link), text(link)[:20])

    found = loading.load(spool, NOON)

    assert Click.objects.count() == 2
    assert days(LinkDay) == [(DAY, 2, 2)]
    assert found.broken >= 1
    assert "can't be read" in caplog.text
    assert list(spool.iterdir()) == []


def test_passes_over_visits_to_links_that_there_are_not(link, spool, caplog):
    leave(spool, text(link.pk + 999), text(2**63 - 1), text(link))

    loading.load(spool, NOON)

    assert Click.objects.count() == 1
    assert "2 visits lead to no link of ours" in caplog.text


def test_loads_many_visits_in_several_batches(link, spool):
    leave(spool, *[text(link) for _ in range(3000)])

    loading.load(spool, NOON)

    assert days(LinkDay) == [(DAY, 3000, 3000)]


def test_tells_what_is_not_loaded_yet(link, spool):
    SPOOL.append(text(link))
    before = loading.unloaded_bytes(spool)
    loading.load(spool, NOON)

    assert before == len(text(link))
    assert loading.unloaded_bytes(spool) == 0


def test_finds_nothing_where_there_is_no_spool(db, spool):
    assert loading.load(spool, NOON).lines == 0
    assert loading.unloaded_bytes(spool) == 0


def test_loads_once_by_command(link, spool, capsys):
    leave(spool, text(link), b"torn\n")

    call_command("load_clicks", once=True)

    assert capsys.readouterr().out == "2 lines read, 1 of them not readable.\n"
    assert Click.objects.count() == 1


def test_forgets_visits_past_their_days_and_keeps_what_was_counted(link, settings):
    settings.RETENTION_DAYS["clicks"] = 400
    old, kept = (
        Visit(uuid4(), link.pk, int((NOON - timedelta(days=400, seconds=s)).timestamp() * 1000), "", "", is_first=True)
        for s in (1, -1)
    )
    clicks.take([old, kept])

    gone = clicks.purge(NOON)

    assert (gone, clicks.purge(NOON)) == (1, 0)
    assert [click.id for click in Click.objects.all()] == [kept.click]
    assert sum(LinkDay.objects.values_list("raw", flat=True)) == 2
