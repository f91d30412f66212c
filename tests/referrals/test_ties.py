import uuid
from datetime import timedelta
from html import unescape

from django.urls import reverse

from advocates.models import Advocate
from customers.models import Person
from referrals.models import CutClick, TieCut
from referrals.share import ties
from referrals.visits import tokens
from referrals.visits.tokens import Token
from spine import clock
from spine.models import AuditEntry, Event
from tests.factories import NOON, make_conversion, make_link, make_program, make_touch

TIES, FORGET, CUT = (reverse(f"referrals:{name}") for name in ("ties", "forget", "cut"))
ACTOR = ("user", "u-1")
HOUR = timedelta(hours=1)


def visit(link, at=NOON):
    return Token(link.pk, uuid.uuid4(), at)


def cookie(*visits):
    return ".".join(map(tokens.sign, visits))


def named(advocate, name):
    Advocate.objects.filter(pk=advocate.pk).update(is_named_to_friends=True, display_name=name)


def text(answer):
    return unescape(answer.content.decode())


def test_tells_a_browsers_visits_the_latest_first(ben, cleo):
    program = make_program("Give ten")
    named(ben, "Ben Okafor")
    first, second = visit(make_link(program, ben), NOON - HOUR), visit(make_link(program, cleo))

    found = ties.visits(cookie(first, second), NOON)

    assert found == [ties.Visit("Give ten", "", NOON), ties.Visit("Give ten", "Ben Okafor", NOON - HOUR)]


def test_tells_nothing_of_what_proves_no_visit(ben):
    link = make_link(make_program(), ben)

    for value in ("", "a:b:c", "x" * 8000, "...", cookie(visit(link))[:-2] + "xx", cookie(visit(link, NOON + HOUR))):
        assert ties.visits(value, NOON) == []
    assert ties.visits(cookie(Token(link.pk + 1, uuid.uuid4(), NOON)), NOON) == []


def test_forgets_visits_for_good(ben):
    link = make_link(make_program(), ben)
    gone, kept = visit(link), visit(link)

    assert ties.forget(cookie(gone), NOON) == 1
    assert ties.forget(cookie(gone), NOON) == 0

    assert CutClick.objects.get().click_id == gone.click
    assert len(ties.visits(cookie(gone, kept), NOON)) == 1


def test_has_the_orders_of_a_forgotten_visit_looked_at_again(ben, cleo, dan):
    program = make_program()
    conversion = make_conversion(program, credited=ben.person, referred=dan.person)
    other = make_conversion(program, credited=ben.person, referred=cleo.person)
    type(conversion).objects.update(due_at=None)
    gone = visit(make_link(program, ben))
    make_touch(make_link(program, cleo), cleo.person, click_id=uuid.uuid4())
    make_touch(program.links.get(person=ben.person), dan.person, click_id=gone.click)

    ties.forget(cookie(gone), NOON)

    conversion.refresh_from_db()
    other.refresh_from_db()
    assert (conversion.due_at, other.due_at) == (NOON, None)


def test_cuts_a_tie_and_has_the_orders_looked_at_again(ben, dan):
    program = make_program()
    conversion = make_conversion(program, credited=ben.person, referred=dan.person)
    other = make_conversion(program, credited=ben.person, referred=Person.objects.create())
    type(conversion).objects.update(due_at=None)

    ties.cut(dan.person, ACTOR, NOON)

    assert TieCut.objects.get().person == dan.person
    conversion.refresh_from_db()
    other.refresh_from_db()
    assert (conversion.due_at, other.due_at) == (NOON, None)
    assert AuditEntry.objects.get(verb="tie.cut").subject_id == str(dan.person.pk)
    assert Event.objects.get(name="tie.cut").person == dan.person.pk


def test_cuts_a_tie_once_for_an_instant(dan):
    ties.cut(dan.person, ACTOR, NOON)
    ties.cut(dan.person, ACTOR, NOON)

    assert TieCut.objects.count() == AuditEntry.objects.count() == 1


def test_shows_a_visitor_who_is_credited_for_them(client, ben):
    named(ben, "Ben Okafor")
    link = make_link(make_program("Give ten"), ben)
    client.cookies["adv"] = cookie(visit(link, clock.now()))

    answer = client.get(TIES)

    assert answer.status_code == 200
    assert "The link of <strong>Ben Okafor</strong>, Give ten" in text(answer)
    assert not CutClick.objects.exists()


def test_shows_a_visitor_who_is_credited_for_nobody(client, db):
    assert "None. Nobody is credited because of this browser." in text(client.get(TIES))


def test_forgets_what_a_browser_remembers(client, ben):
    token = visit(make_link(make_program(), ben), clock.now())
    client.cookies["adv"] = cookie(token)

    answer = client.post(FORGET)

    assert (answer.status_code, answer.url) == (302, TIES)
    assert (answer.cookies["adv"].value, answer.cookies["adv"]["max-age"]) == ("", 0)
    assert CutClick.objects.get().click_id == token.click


def test_shows_who_was_credited_for_ones_orders(dan_client, dan, ben, cleo):
    named(ben, "Ben Okafor")
    program = make_program("Give ten")
    make_conversion(program, credited=ben.person, referred=dan.person)
    make_conversion(program, credited=dan.person, referred=cleo.person)

    answer = dan_client.get(TIES)

    assert [name for _conversion, name in answer.context["credited"]] == ["Ben Okafor"]
    assert "Cut the tie" in text(answer)


def test_names_nobody_who_did_not_agree(dan_client, dan, ben):
    make_conversion(make_program(), credited=ben.person, referred=dan.person)

    answer = dan_client.get(TIES)

    assert "Somebody who is not named" in text(answer)
    assert "Ben" not in text(answer)


def test_asks_the_same_for_many_orders_as_for_one(dan_client, dan, ben, django_assert_num_queries):
    program = make_program()
    make_conversion(program, credited=ben.person, referred=dan.person)
    dan_client.get(TIES)
    with django_assert_num_queries(5):
        dan_client.get(TIES)

    for _number in range(4):
        make_conversion(program, credited=ben.person, referred=dan.person)

    with django_assert_num_queries(5):
        dan_client.get(TIES)


def test_cuts_ones_own_tie(dan_client, dan):
    answer = dan_client.post(CUT)

    assert (answer.status_code, answer.url) == (302, TIES)
    assert TieCut.objects.get().person == dan.person


def test_stops_who_cuts_again_and_again(dan_client, dan):
    answers = [dan_client.post(CUT).status_code for _time in range(11)]

    assert answers == [302] * 10 + [429]


def test_acts_by_post_alone_and_for_the_signed_in(client, dan_client, db):
    assert [dan_client.get(path).status_code for path in (FORGET, CUT)] == [405, 405]
    assert client.post(CUT).status_code == 302
    assert not TieCut.objects.exists()
