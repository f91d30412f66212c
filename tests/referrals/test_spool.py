import os
import resource
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from referrals.visits import bots
from referrals.visits import spool as spools
from referrals.visits.spool import CHANNELS, SPOOL, Visit, line, parse
from tests.referrals.wsgi import spooled

CLICK = UUID(int=7)
VISIT = Visit(CLICK, 42, 1_795_000_000_000, "", "qr", is_first=True)
visits = st.builds(
    Visit,
    st.uuids(),
    st.integers(1, 2**63 - 1),
    st.integers(1, 4_000_000_000_000),
    st.sampled_from(["", *sorted(bots.REASONS)]),
    st.sampled_from(["", *sorted(CHANNELS)]),
    st.booleans(),
)


def write(visit):
    return line(visit.click.bytes, visit.link, visit.millis, visit.reason, visit.channel, is_first=visit.is_first)


def append(number=1):
    for _ in range(number):
        SPOOL.append(write(Visit(uuid4(), 42, 1_795_000_000_000, "", "", is_first=True)))


@given(visits)
def test_reads_what_it_wrote(visit):
    text = write(visit)

    assert text.count(b"\n") == 1
    assert parse(text[:-1]) == visit


@given(visits, st.integers(0))
def test_never_takes_a_torn_line_for_another_visit(visit, cut):
    text = write(visit)[:-1]
    cut = 1 + cut % (len(text) - 1)

    assert parse(text[:cut]) is None
    assert parse(text[:cut] + text) is None


@given(st.binary(max_size=200))
def test_survives_whatever_stands_in_a_file(text):
    parse(text)


def test_refuses_what_no_process_of_ours_writes():
    good = write(VISIT)[:-1]
    bad = [
        good.replace(b"\t42\t", b"\t0\t"),
        good.replace(b"\t42\t", b"\t-1\t"),
        good.replace(b"\t42\t", b"\t9223372036854775808\t"),
        good.replace(b"1795000000000", b"99999999999999999"),
        good.replace(b"\tqr\t", b"\tfax\t"),
        good.replace(b"\tqr\t", b"\tq\0\t"),
        good[:-1] + b"2",
        good + b"\t",
    ]

    assert parse(good) == VISIT
    assert [parse(text) for text in bad] == [None] * len(bad)


def test_writes_for_this_user_alone(spool):
    append()

    [path] = spool.iterdir()
    assert spool.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


def test_begins_another_file_when_one_is_full(spool, monkeypatch):
    monkeypatch.setattr(spools, "MOST_BYTES", 500)

    append(12)

    assert len(list(spool.iterdir())) == 2
    assert len(spooled(spool)) == 12
    assert all(path.stat().st_size < 600 for path in spool.iterdir())


def test_gives_a_forked_process_a_file_of_its_own(spool):
    append()
    child = os.fork()
    if not child:
        append()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    append()

    assert sorted(len(path.read_bytes().splitlines()) for path in spool.iterdir()) == [1, 2]


def test_answers_although_the_disk_is_full(spool, caplog):
    append()
    [path] = spool.iterdir()
    size = path.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    # Ten bytes of the next line still fit.
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, hard))
    try:
        append(3)
        lost = SPOOL.lost
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    append(2)

    lines = path.read_bytes().splitlines()
    assert lost == 3
    assert [parse(text) is not None for text in lines] == [True, False, True, True]
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "3 were not" in caplog.text


def test_answers_although_the_folder_cannot_be_written(settings, tmp_path):
    (tmp_path / "file").touch()
    settings.DATA_DIR = tmp_path / "file"

    append()

    assert SPOOL.lost == 1
    settings.DATA_DIR = tmp_path
    append()
    assert SPOOL.lost == 0
