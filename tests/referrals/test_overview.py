from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from referrals.models import Claim, ProgramDay, StateChange
from referrals.tell import overview
from spine.clock import now
from tests.conftest import sign_in
from tests.factories import NOON, make_advocate, make_conversion, make_program, make_staff

DAY = timedelta(days=1)


@pytest.fixture
def program(db):
    return make_program()


def day(program, back, **numbers):
    return ProgramDay.objects.create(program=program, day=(NOON - back * DAY).date(), **numbers)


def address(program, name="program", **query):
    return reverse(f"referrals:{name}", args=[program.slug], query=query or None)


def cost(browser, where):
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(where).status_code == 200
    return len(captured)


def test_sums_a_period_beside_the_one_before(program):
    day(program, 0, people=3, qualified=5, credited=2, revenue=9050)
    day(program, 6, people=3, credited=1, revenue=1000)
    day(program, 7, people=4, credited=6, revenue=5025)
    day(program, 13, people=1)
    day(program, 14, people=99)

    found = overview.read(program, 7, NOON)

    assert (found.friends.value, found.friends.before, found.friends.change) == (6, 5, "+20\N{NO-BREAK SPACE}%")
    assert (found.conversions.value, found.conversions.change) == (3, "\N{MINUS SIGN}50\N{NO-BREAK SPACE}%")
    assert (found.revenue.value, found.revenue.before) == (10050, 5025)
    assert [point for _label, point in found.revenue.points] == [10.0, 0, 0, 0, 0, 0, 90.5]
    assert found.visits.change == ""


def test_draws_a_long_period_by_weeks(program):
    for back in range(90):
        day(program, back, credited=1)

    points = overview.read(program, 90, NOON).conversions.points

    assert [number for _label, number in points] == [6, *[7] * 12]
    assert points[-1][0] == "Nov 15"


def test_names_who_brought_most(program, ben, cleo):
    for counted in (5000, 7000):
        make_conversion(program, credited=ben.person, counted=counted)
    make_conversion(program, credited=cleo.person)
    make_conversion(program, credited=cleo.person, at=NOON - 40 * DAY)
    make_conversion(make_program(), credited=cleo.person)

    found = overview.read(program, 30, NOON).advocates

    assert [(advocate.name, advocate.conversions, advocate.revenue) for advocate in found] == [
        ("Ben", 2, 12000),
        ("Cleo", 1, 5000),
    ]


def test_counts_only_the_latest(program, ben, cleo, monkeypatch):
    monkeypatch.setattr(overview, "LATEST", 2)
    make_conversion(program, credited=cleo.person, at=NOON - DAY)
    for _number in range(2):
        make_conversion(program, credited=ben.person)

    assert [advocate.name for advocate in overview.read(program, 30, NOON).advocates] == ["Ben"]


def test_says_why_others_did_not_count(program):
    make_conversion(program, reason="below_minimum")
    for _number in range(2):
        make_conversion(program, reason="not_new_customer")

    found = overview.read(program, 30, NOON).refusals

    assert [(code, number) for code, _words, number in found] == [("not_new_customer", 2), ("below_minimum", 1)]
    assert "not new under the terms" in found[0][1]


def test_shows_how_a_program_does(program, ben, ada_client):
    at = now()
    ProgramDay.objects.create(program=program, day=at.date(), people=12, qualified=20, credited=3, revenue=123450)
    make_conversion(program, credited=ben.person, at=at)
    make_conversion(program, credited=ben.person, at=at, state="stopped", advocate_side="stop", stopped_at=at)
    Claim.objects.create(
        program=program, person=ben.person, order_key="1", recommended_on=at.date(), words="w", filed_at=at
    )

    page = ada_client.get(address(program)).content.decode()

    for told in ("Live", "$1,234.50", "1 conversion is being checked", "1 claim waits", ">Ben</a>", "$15 in credit"):
        assert told in page
    assert "None yet" not in page


def test_says_what_to_do_where_nothing_is_there_yet(db, ada_client):
    empty = ada_client.get(address(make_program())).content.decode()
    unpublished = ada_client.get(address(make_program(state="draft", terms=None))).content.decode()

    assert empty.count("None yet") == 3
    assert "Nobody yet." in empty
    assert "Nothing is published yet" in unpublished


@pytest.mark.parametrize("asked", ["7", "90"])
def test_shows_the_period_that_is_asked_for(program, ada_client, asked):
    page = ada_client.get(address(program, days=asked))

    assert page.context["length"] == int(asked)


@pytest.mark.parametrize("asked", ["0", "-1", "31", "9" * 40, "x", "\u0663\u0660"])
def test_shows_thirty_days_where_another_period_is_asked_for(program, ada_client, asked):
    assert ada_client.get(address(program, days=asked)).context["length"] == 30


def test_costs_the_same_however_much_there_is(program, ben, ada_client):
    at = now()

    def fill(count):
        for number in range(count):
            advocate = make_advocate()
            back = ProgramDay.objects.count()
            ProgramDay.objects.create(program=program, day=(at - back * DAY).date(), credited=1, people=1)
            StateChange.objects.create(program=program, state="live", at=at, recorded_at=at, changed_by=str(number))
            make_conversion(program, credited=advocate.person, at=at)
            make_conversion(program, at=at)

    fill(2)
    few = cost(ada_client, address(program))
    fill(6)

    assert cost(ada_client, address(program)) == few


def test_gives_the_days_as_a_sheet(program, ada_client):
    at = now()
    ProgramDay.objects.create(program=program, day=at.date(), raw=9, qualified=7, people=5, credited=1, revenue=5050)

    answer = ada_client.get(address(program, "export_program", days=7))

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert b"".join(answer.streaming_content).decode().splitlines() == [
        "day,visits,visits_of_people,friends,credited,being_checked,not_credited,revenue",
        f"{at.date()},9,7,5,1,0,0,50.50",
    ]


@pytest.mark.parametrize("name", ["program", "export_program"])
def test_is_seen_by_who_may_see_conversions_and_by_nobody_else(program, dan_client, name):
    admin, moderator = (sign_in(make_staff(role, role)) for role in ("admin", "moderator"))

    assert admin.get(address(program, name)).status_code == 200
    assert moderator.get(address(program, name)).status_code == 403
    assert dan_client.get(address(program, name)).status_code in (403, 404)


def test_shows_whoever_may_not_design_no_way_to_it(program):
    page = sign_in(make_staff("admin", "admin")).get(address(program)).content.decode()

    assert reverse("referrals:edit_program", args=[program.slug]) not in page
