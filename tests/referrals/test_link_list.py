from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advocates import suspending
from referrals.models import Code, Link, LinkDay
from referrals.share import codes, link_search
from spine.clock import now
from tests.conftest import sign_in
from tests.factories import NOON, make_advocate, make_conversion, make_link, make_program, make_staff

DAY = timedelta(days=1)
LINKS, EXPORT = "referrals:manage_links", "referrals:export_links"


@pytest.fixture
def program(db):
    return make_program()


def rows(**wanted):
    return link_search.rows(list(link_search.find(**wanted).order_by("pk")), NOON)


def test_tells_what_came_of_each_link_lately(program, ben, cleo):
    link, other = make_link(program, ben), make_link(program, cleo)
    for back, people in ((0, 2), (29, 1), (30, 50)):
        LinkDay.objects.create(link=link, day=(NOON - back * DAY).date(), raw=9, qualified=5, people=people)
    make_conversion(program, credited=ben.person)
    make_conversion(program, credited=ben.person, state="stopped")
    make_conversion(program, credited=ben.person, at=NOON - 31 * DAY)
    make_conversion(make_program(), credited=ben.person)
    suspending.suspend(cleo.person, ("user", "u"), "Spam", NOON)

    assert rows() == [
        link_search.Row(link, visits=10, friends=3, credited=1, is_suspended=False),
        link_search.Row(other, visits=0, friends=0, credited=0, is_suspended=True),
    ]


@pytest.mark.parametrize("text", ["ben", "BEN", "be", "benny-42", "OLDBEN"])
def test_finds_a_link_by_name_and_by_every_code(program, ben, cleo, text):
    link = make_link(program, ben, "BENNY-42")
    Code.objects.create(link=link, text="OLDBEN", key=codes.key("OLDBEN"), is_permanent=False, created_at=NOON)
    make_link(program, cleo)

    assert [row.link for row in rows(search=text)] == [link]


def test_finds_the_links_of_one_program(program, ben):
    link = make_link(program, ben)
    make_link(make_program(), ben)

    assert [row.link for row in rows(program=program)] == [link]


def test_lists_links(program, ben, ada_client):
    make_link(program, ben, "BENNY-42")

    page = ada_client.get(reverse(LINKS)).content.decode()

    assert "BENNY-42" in page
    assert reverse("manage:person", args=[ben.person_id]) in page


def test_lists_the_link_of_somebody_erased_without_a_name(program, ben, ada_client):
    make_link(program, ben)
    Link.objects.update(code="")
    ben.delete()

    page = ada_client.get(reverse(LINKS)).content.decode()

    assert "Somebody who was erased" in page
    assert ">Erased<" in page


def test_says_what_to_do_where_there_is_none(db, ada_client):
    assert "No link yet" in ada_client.get(reverse(LINKS)).content.decode()
    assert "Nothing matches" in ada_client.get(reverse(LINKS), {"search": "x"}).content.decode()


def test_refuses_a_program_that_there_is_not(program, ada_client):
    for name in (LINKS, EXPORT):
        assert ada_client.get(reverse(name), {"program": "nothing"}).status_code == 422


def test_costs_the_same_for_many(program, ada_client):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert ada_client.get(reverse(LINKS)).status_code == 200
        return len(captured)

    def fill(count):
        for _number in range(count):
            advocate = make_advocate()
            link = make_link(program, advocate)
            LinkDay.objects.create(link=link, day=NOON.date(), raw=1)
            make_conversion(program, credited=advocate.person)

    fill(2)
    few = cost()
    fill(8)

    assert cost() == few


def test_gives_the_links_as_a_sheet_without_formulas(program, ada_client):
    at = now()
    eve = make_advocate("eve", display_name="=Eve()")
    link = make_link(program, eve, "EVE-1", at=NOON)
    LinkDay.objects.create(link=link, day=at.date(), raw=9, qualified=5, people=2)
    make_conversion(program, credited=eve.person, at=at)
    make_link(program, make_advocate(), "OTHER-1")

    answer = ada_client.get(reverse(EXPORT), {"search": "EVE-1"})

    assert b"".join(answer.streaming_content).decode().splitlines() == [
        "program,advocate,username,code,given_at,visits,friends,credited",
        f'"Give ten, get fifteen",\'=Eve(),eve,EVE-1,{NOON.isoformat()},5,2,1',
    ]


@pytest.mark.parametrize("name", [LINKS, EXPORT])
def test_is_for_those_who_may_see_conversions(program, dan_client, name):
    assert sign_in(make_staff("moni", "moderator")).get(reverse(name)).status_code == 403
    assert dan_client.get(reverse(name)).status_code in (403, 404)
