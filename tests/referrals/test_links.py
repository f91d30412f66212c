import uuid
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from advocates import suspending
from advocates.models import Advocate
from customers.models import Person
from referrals.models import Code, Link, Program
from referrals.share import codes, links
from spine.models import AuditEntry, Event
from tests.factories import LONG_AGO, NOON, make_advocate, make_link, make_program

DAY = timedelta(days=1)
ACTOR = ("user", "u-1")
MINUTE = timedelta(minutes=1)


def make_advocates(count, joined_at=NOON):
    """Many advocates in few statements."""
    people = Person.objects.bulk_create([Person(pk=uuid.uuid4()) for _number in range(count)])
    return Advocate.objects.bulk_create(
        [
            Advocate(person=person, username=f"a-{person.pk.hex[:20]}", display_name="A", joined_at=joined_at)
            for person in people
        ]
    )


def rename(link, text="Ben-42", at=NOON):
    return links.rename(link, text, ACTOR, at)


def test_gives_one_link_and_one_code_at_once(cleo):
    program = make_program()

    link = links.give(program, cleo.person, NOON)

    code = Code.objects.get()
    assert (code.link, code.text, code.key, code.is_permanent) == (link, link.code, codes.key(link.code), True)
    assert links.give(program, cleo.person, NOON + DAY) == link
    assert (Link.objects.count(), Code.objects.count()) == (1, 1)


def test_gives_another_code_where_chance_repeats_itself(cleo, dan, monkeypatch):
    program = make_program()
    make_link(program, dan, "CCCCCCCC")
    drawn = iter(["CCCCCCCC", "CCCCCCCC", "DDDDDDDD"])
    monkeypatch.setattr(codes, "make", lambda: next(drawn))

    link = links.give(program, cleo.person, NOON)

    link.refresh_from_db()
    assert link.code == "DDDDDDDD"
    assert codes.find("DDDDDDDD").link == link
    assert codes.find("CCCCCCCC").link != link


def test_gives_one_link_to_who_asks_many_times_at_once(together):
    program, cleo = make_program(), make_advocate("cleo")

    given = together([lambda: links.give(program, cleo.person, NOON)] * 8)

    assert {link.pk for link in given} == {Link.objects.get().pk}
    assert Code.objects.count() == 1


def test_sweeps_everybody_who_joined(cleo, dan):
    program, draft = make_program(), make_program("Later", state="draft")

    assert links.give_due(NOON) == 2

    assert set(Link.objects.values_list("program", "person")) == {
        (program.pk, cleo.person.pk),
        (program.pk, dan.person.pk),
    }
    program.refresh_from_db()
    draft.refresh_from_db()
    assert (program.links_given_until, draft.links_given_until) == (NOON, None)
    assert links.give_due(NOON) == 0


def test_sweeps_in_batches_until_nobody_is_left(db, monkeypatch):
    monkeypatch.setattr(links, "BATCH", 4)
    make_advocates(10)
    make_program()

    assert [links.give_due(NOON) for _round in range(4)] == [4, 4, 2, 0]
    assert Link.objects.count() == Code.objects.count() == 10


def test_goes_on_after_an_end_in_the_middle(db, monkeypatch):
    monkeypatch.setattr(links, "BATCH", 4)
    make_advocates(6)
    program = make_program()

    with suppress(ConnectionError), transaction.atomic():
        links.give_due(NOON)
        raise ConnectionError("killed before it committed")
    program.refresh_from_db()
    assert (Link.objects.count(), program.links_given_until) == (0, None)

    assert [links.give_due(NOON), links.give_due(NOON)] == [4, 2]


def test_finds_who_committed_late(db):
    make_program()
    make_advocates(1, NOON)
    links.give_due(NOON)

    make_advocates(1, NOON - 9 * MINUTE)

    assert links.give_due(NOON) == 1


def test_looks_no_further_back_than_it_must(db):
    make_program()
    make_advocates(1, NOON)
    links.give_due(NOON)

    make_advocates(1, NOON - 11 * MINUTE)

    assert links.give_due(NOON) == 0


def test_never_moves_its_mark_back(db):
    program = make_program()
    make_advocates(1, NOON)
    links.give_due(NOON)
    make_advocates(1, NOON - MINUTE)
    links.give_due(NOON)

    program.refresh_from_db()
    assert program.links_given_until == NOON


def test_asks_little_when_nobody_joined(db):
    make_program()
    make_advocates(3)
    links.give_due(NOON)

    with CaptureQueriesContext(connection) as asked:
        links.give_due(NOON)

    # The programs with their changes and terms, and whether anybody has no link.
    assert len(asked) == 4


def test_asks_the_same_for_many_as_for_few(db):
    make_program()
    make_advocates(3)
    with CaptureQueriesContext(connection) as few:
        links.give_due(NOON)
    make_advocates(30)

    with CaptureQueriesContext(connection) as many:
        links.give_due(NOON)

    assert len(many) == len(few)


def test_sweeps_beside_itself(together):
    make_program()
    make_advocates(60)

    together([lambda: links.give_due(NOON)] * 4)
    links.give_due(NOON)

    assert Link.objects.count() == Code.objects.filter(is_permanent=True).count() == 60


def test_renames_and_keeps_what_was_shared(cleo):
    link = make_link(make_program(), cleo, "CDFH3479")

    renamed = rename(link, "Cleo-Bakes")

    assert renamed.code == "CLEO-BAKES"
    assert codes.find("cleo-bakes").link == codes.find("cdfh3479").link == link
    entry, event = AuditEntry.objects.get(), Event.objects.get(name="link.renamed")
    assert (entry.actor_id, entry.verb, entry.subject_id) == ("u-1", "link.renamed", str(link.public_id))
    assert (event.person, event.payload) == (cleo.person.pk, {})


def test_goes_back_to_an_earlier_code(cleo):
    link = make_link(make_program(), cleo, "CDFH3479")
    rename(link, "first")
    rename(link, "second")

    assert rename(link, "FIRST").code == "FIRST"
    assert rename(link, "cdfh3479").code == "CDFH3479"
    assert Code.objects.count() == 3


def test_writes_nothing_down_where_nothing_changes(cleo):
    link = make_link(make_program(), cleo, "CDFH3479")

    rename(link, "cdfh3479")

    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("text", ["ben-42", "BEN-42", " Ben-42", "ben-41"])
def test_refuses_what_somebody_has_or_had(cleo, dan, text):
    program = make_program()
    rename(make_link(program, dan), "ben-41")
    rename(Link.objects.get(), "ben-42")
    mine = make_link(program, cleo, "CDFH3479")

    with pytest.raises(links.AliasTaken):
        rename(mine, text)

    mine.refresh_from_db()
    assert mine.code == "CDFH3479"
    assert Code.objects.filter(link=mine).count() == 1


def test_refuses_what_an_erased_advocate_had(cleo, dan):
    program = make_program()
    gone = rename(make_link(program, dan), "ben-42")
    Code.objects.filter(link=gone).update(text="")

    with pytest.raises(links.AliasTaken):
        rename(make_link(program, cleo), "Ben-42")


def test_refuses_the_sixth_alias_of_a_month(cleo):
    link = make_link(make_program(), cleo)
    for number in range(5):
        rename(link, f"alias-{number}", NOON + number * DAY)

    with pytest.raises(links.TooManyAliases) as refused:
        rename(link, "alias-5", NOON + 29 * DAY)

    assert refused.value.detail == "You can choose 5 codes in 30 days. All of yours go on working."
    link.refresh_from_db()
    assert link.code == "ALIAS-4"
    assert rename(link, "alias-5", NOON + 30 * DAY).code == "ALIAS-5"


def test_refuses_to_rename_for_who_is_suspended(cleo):
    link = make_link(make_program(), cleo, "CDFH3479")
    suspending.suspend(cleo.person, ACTOR, "Spam", NOON)

    with pytest.raises(suspending.Suspended):
        rename(link)

    link.refresh_from_db()
    assert link.code == "CDFH3479"


def test_refuses_to_rename_what_was_erased_meanwhile(cleo):
    link = make_link(make_program(), cleo, "CDFH3479")
    Code.objects.update(text="")
    Link.objects.update(code="")

    with pytest.raises(links.LinkGone):
        rename(link)

    assert not Code.objects.exclude(text="").exists()


def test_gives_an_alias_to_one_of_many(together):
    program = make_program()
    mine = [make_link(program, make_advocate()) for _number in range(5)]

    together([lambda link=link: rename(link) for link in mine])

    assert Code.objects.filter(key=codes.key("BEN-42")).count() == 1
    assert list(Link.objects.filter(code="BEN-42")) == [codes.find("BEN-42").link]


def test_chooses_no_more_aliases_at_once_than_one_by_one(together):
    link = make_link(make_program(), make_advocate())

    together([lambda number=number: rename(link, f"alias-{number}") for number in range(8)])

    assert link.codes.filter(is_permanent=False).count() == 5


def test_says_where_a_link_is(cleo, settings):
    settings.BASE_URL = "https://friends.example"
    link = make_link(make_program(), cleo, "CDFH3479")

    assert links.url(link) == "https://friends.example/r/CDFH3479"
    assert links.url(link, "whatsapp") == "https://friends.example/r/CDFH3479?s=whatsapp"
    assert links.url(link, to="https://shop.example/a?b&c") == (
        "https://friends.example/r/CDFH3479?to=https%3A%2F%2Fshop.example%2Fa%3Fb%26c"
    )


def test_gives_no_link_in_a_program_that_is_not_live(cleo):
    for state in ("draft", "scheduled", "paused", "ended"):
        make_program(state, state=state, at=LONG_AGO)

    assert links.give_due(NOON) == 0
    assert set(Program.objects.values_list("links_given_until", flat=True)) == {None}
