from datetime import UTC, date, datetime, timedelta

import pytest

from brand.models import Message
from referrals.design import endings, life
from referrals.models import Ending, StateChange
from spine.models import AuditEntry
from tests.factories import NOON, make_advocate, make_link, make_program

ADA = ("user", "ada")
DAY = timedelta(days=1)


def program_with(count):
    program = make_program("Ten for ten", time_zone="Europe/Oslo")
    return program, [make_link(program, make_advocate()) for _number in range(count)]


def letters():
    return list(Message.objects.order_by("pk"))


def test_tells_every_advocate_with_a_link_of_the_day(db):
    program, links = program_with(2)
    make_link(make_program(), make_advocate())

    life.end(program, date(2026, 12, 24), ADA, NOON)
    taken = endings.tell_due(NOON)

    assert taken == 1
    assert [letter.to for letter in letters()] == [link.person.user.email for link in links]
    letter = letters()[0]
    assert letter.subject == "Ten for ten ends on December 24, 2026"
    assert "runs until the end of December 24, 2026" in letter.text
    assert "Friends who order by that day count" in letter.text
    assert "<li>" in letter.html
    change = StateChange.objects.get(state="ended")
    assert letter.key == f"program-ending:{program.public_id}:{change.pk}:{links[0].person_id}"
    assert change.at == datetime(2026, 12, 24, 23, tzinfo=UTC)


def test_tells_of_an_end_that_has_come(db):
    program, _links = program_with(1)

    life.end(program, None, ADA, NOON)
    endings.tell_due(NOON)

    letter = letters()[0]
    assert letter.subject == "Ten for ten has ended"
    assert "ended on November 21, 2026" in letter.text


def test_goes_on_where_it_was_and_writes_to_nobody_twice(db, monkeypatch):
    monkeypatch.setattr(endings, "BATCH", 2)
    program, links = program_with(5)
    life.end(program, date(2026, 12, 24), ADA, NOON)

    counts = []
    while endings.tell_due(NOON):
        counts.append((Message.objects.count(), Ending.objects.get().told_until))

    assert counts == [(2, links[1].pk), (4, links[3].pk), (5, links[4].pk)]
    # As if the last batch's outcome had been lost with its worker.
    Ending.objects.update(told_until=0, due_at=NOON)
    while endings.tell_due(NOON):
        pass
    assert Message.objects.count() == 5


def test_survives_being_killed_within_a_batch(db, monkeypatch):
    program, _links = program_with(3)
    life.end(program, date(2026, 12, 24), ADA, NOON)
    enqueue = endings.mail.enqueue

    def die(**options):
        if Message.objects.count() == 1:
            raise SystemExit
        return enqueue(**options)

    monkeypatch.setattr(endings.mail, "enqueue", die)
    with pytest.raises(SystemExit):
        endings.tell_due(NOON)
    monkeypatch.undo()

    assert (Message.objects.count(), Ending.objects.get().told_until) == (0, 0)
    endings.tell_due(NOON + timedelta(minutes=3))
    assert Message.objects.count() == 3


def test_stays_silent_about_an_end_that_was_put_off(db):
    program, _links = program_with(1)
    life.end(program, date(2026, 12, 24), ADA, NOON)

    life.end(program, date(2027, 1, 31), ADA, NOON)
    while endings.tell_due(NOON):
        pass

    assert [letter.subject for letter in letters()] == ["Ten for ten ends on January 31, 2027"]


def test_tells_of_an_end_that_a_pause_left_standing(db):
    program, _links = program_with(1)
    life.end(program, date(2026, 12, 24), ADA, NOON)

    life.pause(program, ADA, NOON)
    while endings.tell_due(NOON):
        pass

    assert len(letters()) == 1
    assert AuditEntry.objects.count() == 2


def test_passes_over_whoever_has_no_account_any_more(db):
    program, links = program_with(2)
    advocate = links[0].person.advocate
    advocate.user = None
    advocate.save()

    life.end(program, None, ADA, NOON)
    endings.tell_due(NOON)

    assert [letter.to for letter in letters()] == [links[1].person.user.email]
