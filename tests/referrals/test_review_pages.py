from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from brand.models import Message
from referrals.models import Conversion, Verdict
from referrals.review import escalating
from rewards.plans import Benefit, PlanDocument
from spine.models import AuditEntry, Event
from tests.conftest import sign_in
from tests.factories import NOON, TERMS, make_conversion, make_program, make_staff, make_terms
from tests.referrals.judging import name, standing, stop, trace

PLAN = PlanDocument(
    (Benefit("advocate", "credit", fixed=1500, hold_days=14), Benefit("friend", "credit", percent=1000))
)
DAY = timedelta(days=1)


@pytest.fixture
def program(db):
    return make_program(plan=PLAN)


@pytest.fixture
def grace_client(db):
    """A browser in which Grace, a second program manager, is signed in."""
    return sign_in(make_staff("grace", "program manager"))


def form(conversion, *sides, reason="A family with one card"):
    return {"reason": reason, "sides": sides or ["advocate", "friend"], "decision": str(standing(conversion).public_id)}


def act(client, conversion, verb, *sides, **told):
    return client.post(f"/manage/review/{conversion.public_id}/{verb}/", form(conversion, *sides, **told))


def cost(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)


# --- The queue


def test_shows_the_longest_stopped_first_with_evidence_and_consequences(program, ben, cleo, ada_client):
    new, old = stop(program, ben), stop(program, ben, at=NOON - DAY)
    name(old, "maria@example.net")

    page = ada_client.get("/manage/review/")

    assert [case.conversion for case in page.context["cases"]] == [old, new]
    words = [
        "70 points: The order was paid by the same means as an earlier order of the advocate&#x27;s.",
        "A family or an office may pay with the same card.",
        "Releases $15 in credit to Ben after 14 days and 10\xa0% of the order in credit ($5) to maria@example.net",
        "Ben does not get $15 in credit. maria@example.net does not get 10\xa0% of the order in credit ($5).",
    ]
    assert [word for word in words if word not in page.text] == []


def test_works_by_plain_links_to_which_keys_are_only_a_shortcut(program, ben, ada_client):
    conversion = stop(program, ben)

    text = ada_client.get("/manage/review/").text

    for verb, key in (("approve", "a"), ("refuse", "r")):
        [link] = [part for part in text.split("<a ") if f"/manage/review/{conversion.public_id}/{verb}/" in part]
        assert f'data-key="{key}"' in link.partition(">")[0]
    assert "data-item" in text
    assert "js/list-keys.js" in text


def test_says_that_nothing_waits(ada_client):
    assert "Nothing waits" in ada_client.get("/manage/review/").text


def test_spells_out_only_what_is_left_to_decide(db, ben, ada_client):
    before = Benefit("friend", "discount_code", when="before", percent=1000)
    gift = PlanDocument((Benefit("advocate", "credit", fixed=1500), before))
    stop(make_program(plan=gift), ben)
    stop(make_program(plan=PLAN), ben, advocate_side="allow", at=NOON + DAY)
    stop(make_program(plan=PlanDocument()), ben, at=NOON + 2 * DAY)

    first, second, third = ada_client.get("/manage/review/").context["cases"]

    nobody = "somebody without a name"
    assert first.if_approved == "Releases $15 in credit to Ben at once."
    assert first.if_refused == f"Ben does not get $15 in credit. {nobody} had 10\xa0% off at the order and keeps it."
    assert second.if_approved == f"Releases 10\xa0% of the order in credit ($5) to {nobody} at once."
    assert third.if_approved == "Releases nothing: the plan promises these sides nothing after the order."
    assert third.if_refused.startswith("Nobody loses anything by it")


def test_marks_what_waits_long(program, ben, ada_client):
    now = timezone.now()
    for days in (2, 4, 8):
        stop(program, ben, at=now - timedelta(days=days))

    page = ada_client.get("/manage/review/")

    assert [case.age for case in page.context["cases"]] == ["overdue", "long", "fresh"]
    assert "Over a week" in page.text
    assert "Waiting long" in page.text


def test_counts_what_waits_where_staff_look_first(program, ben, ada_client):
    stop(program, ben)
    make_conversion(program, credited=ben.person)

    page = ada_client.get("/manage/")

    assert {str(each.label): each.count for each in page.context["waiting"]}["To check"] == 1


def test_offers_nothing_to_whoever_would_be_paid(program, ada, ada_client):
    conversion = stop(program, ada)

    assert f"/manage/review/{conversion.public_id}/approve/" not in ada_client.get("/manage/review/").text
    assert act(ada_client, conversion, "approve").status_code == 403
    assert not Verdict.objects.exists()


def test_costs_the_same_with_cases_doubled(program, ben, cleo, ada_client, grace_client):
    def more():
        stop(program, ben, trace=trace(same_fingerprint=70, cycle=60))
        act(grace_client, stop(program, cleo), "approve", "friend")

    more()
    before = cost(ada_client, "/manage/review/")
    more()
    more()

    assert cost(ada_client, "/manage/review/") == before


# --- Deciding


def test_approves_with_a_reason_and_goes_on_to_the_next(program, ben, ada_client):
    conversion = stop(program, ben)

    asked = ada_client.get(f"/manage/review/{conversion.public_id}/approve/")
    answer = act(ada_client, conversion, "approve")

    assert "Releases $15 in credit to Ben after 14 days" in asked.text
    assert answer.url == "/manage/review/#next"
    assert Conversion.objects.get().state == "credited"
    assert AuditEntry.objects.get(verb="conversion.approved").reason.text == "A family with one card"
    told = ada_client.get(f"/manage/conversions/{conversion.public_id}/").text
    assert "Approved by Ada" in told
    assert "“A family with one card”" in told


def test_refuses_one_side_alone(program, ben, ada_client):
    conversion = stop(program, ben)

    act(ada_client, conversion, "refuse", "advocate")

    row = Conversion.objects.get()
    assert (row.state, row.advocate_side, row.friend_side) == ("stopped", "refuse", "stop")


@pytest.mark.parametrize("told", [{"reason": " "}, {"sides": []}, {"sides": ["nobody"]}, {"decision": "x"}])
def test_decides_nothing_out_of_half_a_form(program, ben, ada_client, told):
    conversion = stop(program, ben)

    page = ada_client.post(f"/manage/review/{conversion.public_id}/approve/", {**form(conversion), **told})

    assert page.status_code == 422
    assert page.context["form"].errors.keys() == told.keys()
    assert not Verdict.objects.exists()


def test_needs_no_script_and_acts_on_no_get(program, ben, ada_client):
    conversion = stop(program, ben)

    ada_client.get(f"/manage/review/{conversion.public_id}/approve/", form(conversion))

    assert not Verdict.objects.exists()


def test_says_that_somebody_was_quicker(program, ben, ada_client, grace_client):
    conversion = stop(program, ben)
    told = form(conversion)
    act(grace_client, conversion, "refuse")

    asked = ada_client.get(f"/manage/review/{conversion.public_id}/approve/")
    answer = ada_client.post(f"/manage/review/{conversion.public_id}/approve/", told)

    assert (asked.status_code, answer.status_code) == (409, 409)
    assert Conversion.objects.get().state == "refused"


def test_waits_for_a_second_person_above_the_amount(program, ben, ada_client, grace_client):
    make_terms(program, replace(TERMS, second_pair_above=4000), PLAN, at=NOON)
    conversion = stop(program, ben)

    act(ada_client, conversion, "approve")
    mine = ada_client.get("/manage/review/")
    theirs = grace_client.get("/manage/review/")
    again = act(ada_client, conversion, "approve")
    act(grace_client, conversion, "approve")

    assert "You approved this. Above this amount a second person has to agree." in mine.text
    assert "1 of 2 approvals" in theirs.text
    assert "Approved by Ada" in theirs.text
    assert again.status_code == 403
    assert Conversion.objects.get().state == "credited"


def test_undoes_what_was_decided_last(program, ben, ada_client):
    conversion = stop(program, ben)
    act(ada_client, conversion, "approve", "friend")
    verdict = Verdict.objects.get()
    address = f"/manage/review/verdicts/{verdict.public_id}/undo/"

    offered = ada_client.get("/manage/review/").text
    answer = ada_client.post(address)
    again = ada_client.post(address)

    assert address in offered
    assert (answer.url, again.status_code) == ("/manage/review/", 409)
    assert ada_client.get(address).status_code == 405
    assert Conversion.objects.get().friend_side == "stop"


def test_does_not_exist_for_outsiders_and_is_closed_to_other_roles(program, ben, ada_client, dan_client):
    conversion = stop(program, ben)
    act(ada_client, conversion, "approve", "friend")
    verdict = Verdict.objects.get()
    told = form(conversion, "advocate")
    addresses = ["", *(f"{conversion.public_id}/{verb}/" for verb in ("approve", "refuse"))]
    addresses.append(f"verdicts/{verdict.public_id}/undo/")
    clients = [(dan_client, 404), *((sign_in(make_staff(name, name)), 403) for name in ("moderator", "admin"))]

    for client, status in clients:
        for address in addresses:
            assert client.get(f"/manage/review/{address}").status_code in {status, 405}
            assert client.post(f"/manage/review/{address}", told).status_code in {status, 405}
    assert list(Verdict.objects.all()) == [verdict]
    verdict.refresh_from_db()
    assert verdict.undone_at is None


# --- Escalation


def test_writes_to_the_reviewers_once_about_what_waits_for_a_week(program, ben, ada):
    make_staff("grace", "program manager")
    make_staff("mo", "moderator")
    for days in (8, 7, 6):
        stop(program, ben, at=NOON - timedelta(days=days))
    make_conversion(program, credited=ben.person, at=NOON - 30 * DAY)

    first, second = escalating.escalate(NOON), escalating.escalate(NOON + DAY / 2)

    assert (first, second) == (2, 0)
    assert sorted(Message.objects.values_list("to", "subject")) == [
        ("ada@example.com", "2 conversions have waited for a week"),
        ("grace@example.com", "2 conversions have waited for a week"),
    ]
    assert "/manage/review/" in Message.objects.first().text
    assert Event.objects.filter(name="conversion.escalated").count() == 2
    assert set(Conversion.objects.filter(stopped_at__isnull=False).values_list("state", flat=True)) == {"stopped"}


def test_writes_again_about_what_becomes_overdue_later(program, ben, ada):
    stop(program, ben, at=NOON - 8 * DAY)
    escalating.escalate(NOON)
    stop(program, ben, at=NOON - 7 * DAY)

    escalating.escalate(NOON)

    assert Message.objects.count() == 2
    assert Message.objects.last().subject == "A conversion has waited for a week"


@pytest.mark.services
def test_writes_once_when_two_sweeps_meet(together):
    make_staff("ada", "program manager")
    stop(make_program(), make_staff("ben", "moderator"), at=NOON - 8 * DAY)

    results = together([lambda: escalating.escalate(NOON)] * 2)

    assert sorted(results) == [0, 1]
    assert Message.objects.count() == 1
