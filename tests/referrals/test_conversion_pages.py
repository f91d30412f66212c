import csv
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Dispute, Lead, Order, Refund
from referrals.models import Conversion, Decision, LateFact
from tests.conftest import sign_in
from tests.factories import NOON, make_conversion, make_link, make_program, make_staff, make_touch
from tests.referrals.judging import name, standing, stop, told, trace


@pytest.fixture
def program(db):
    return make_program("Give ten", slug="give-ten")


def keys(page):
    return [conversion.order.key for conversion, _reason in page.context["rows"]]


def call(conversion, key):
    """Give the conversion's order the shop's number."""
    Order.objects.filter(pk=conversion.order_id).update(key=key)
    return Conversion.objects.get(pk=conversion.pk)


def sheet(client, **query):
    answer = client.get("/manage/conversions/export/", query)
    return list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))


def cost(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
        if answer.streaming:
            list(answer.streaming_content)
    return len(captured)


# --- The list


def test_lists_the_newest_programs_conversions_the_latest_first(program, ben, ada_client):
    call(make_conversion(make_program("Newer", slug="newer"), credited=ben.person), "9")
    for number, days in (("1", 2), ("2", 0), ("3", 1)):
        call(make_conversion(program, credited=ben.person, at=NOON - timedelta(days=days)), number)

    assert keys(ada_client.get("/manage/conversions/?program=give-ten")) == ["2", "3", "1"]
    page = ada_client.get("/manage/conversions/")
    assert keys(page) == ["9"]
    assert all(word in page.text for word in ("Ben", "$50", "Credited", "Order 9"))


def test_narrows_by_state_reason_and_days(program, ben, ada_client):
    call(make_conversion(program, credited=ben.person), "1")
    call(make_conversion(program, reason="below_minimum", at=NOON - timedelta(days=3)), "2")
    call(stop(program, ben, at=NOON - timedelta(days=6)), "3")

    def found(**query):
        return keys(ada_client.get("/manage/conversions/", query))

    assert found(state="stopped") == ["3"]
    assert found(reason="below_minimum") == ["2"]
    assert found(since="2026-11-18") == ["1", "2"]
    assert found(until="2026-11-18") == ["2", "3"]
    assert found(since="2026-11-18", until="2026-11-18") == ["2"]
    assert "Nothing matches" in ada_client.get("/manage/conversions/?state=undecided").text


def test_searches_all_programs_by_order_name_or_code(program, ben, cleo, ada_client):
    other = make_program("Other", slug="other")
    make_link(program, ben, "BEN42")
    call(make_conversion(program, credited=ben.person), "1001")
    call(make_conversion(other, credited=ben.person), "1002")
    call(make_conversion(other, credited=cleo.person), "1003")

    def found(search):
        return sorted(keys(ada_client.get("/manage/conversions/", {"search": search, "program": "other"})))

    assert found("1001") == found("#1001") == ["1001"]
    assert found("ben") == found("BE") == ["1001", "1002"]
    assert found("ben42") == ["1001"]
    assert found("100") == found("%") == []


def test_says_what_it_cannot_read(program, ada_client):
    page = ada_client.get("/manage/conversions/?state=nonsense&since=tomorrow")

    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {"state", "since"}
    assert ada_client.get("/manage/conversions/export/?state=nonsense").status_code == 422


def test_teaches_whoever_has_no_program_or_no_order(ada_client):
    assert "No program yet" in ada_client.get("/manage/conversions/").text
    make_program()
    assert "Nobody has ordered yet" in ada_client.get("/manage/conversions/").text


def test_pages_without_losing_what_was_asked(program, ben, ada_client):
    for _ in range(51):
        make_conversion(program, credited=ben.person)

    first = ada_client.get("/manage/conversions/?state=credited")
    second = ada_client.get("/manage/conversions/", {"state": "credited", "after": first.context["page"].next_cursor})

    assert (len(keys(first)), len(keys(second))) == (50, 1)
    assert not set(keys(first)) & set(keys(second))


def test_names_whoever_was_erased_somebody(program, ben, ada_client):
    make_conversion(program, credited=ben.person)
    ben.delete()

    assert "Somebody who was erased" in ada_client.get("/manage/conversions/").text


# --- The sheet


def test_exports_what_the_list_shows(program, ben, ada_client):
    call(make_conversion(program, credited=ben.person, counted=4860), "1001")
    call(make_conversion(program), "1002")

    [row] = sheet(ada_client, state="credited")

    assert row == {
        "at": "2026-11-21T12:00:00+00:00",
        "program": "Give ten",
        "shop": "Shop",
        "order": "1001",
        "goal": "first_order",
        "state": "credited",
        "reason": "credited",
        "advocate": "Ben",
        "advocate_side": "allow",
        "friend_side": "allow",
        "counted": "48.60",
        "currency": "USD",
        "decisions": "1",
        "id": str(Conversion.objects.get(state="credited").public_id),
    }


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_exports_no_formula(program, ben, ada_client, text):
    ben.display_name = text
    ben.save()
    call(make_conversion(program, credited=ben.person), text)

    [row] = sheet(ada_client)

    disarmed = text.replace(text.strip(), f"'{text.strip()}")
    assert (row["advocate"], row["order"]) == (disarmed, disarmed)


def test_exports_with_as_many_queries_however_long_the_sheet(program, ben, ada_client):
    make_conversion(program, credited=ben.person)
    before = cost(ada_client, "/manage/conversions/export/")
    for _ in range(3):
        make_conversion(program, credited=ben.person)

    assert cost(ada_client, "/manage/conversions/export/") == before


# --- One conversion


def test_shows_everything_about_one(program, ben, cleo, ada, ada_client):
    conversion = call(stop(program, ben), "1001")
    name(conversion, "maria@example.net")
    order = conversion.order
    order.lines.create(key="2", kind="shipping", amount=490)
    touch = make_touch(make_link(program, cleo, "CLEO7"), conversion.referred_person)
    of_order = {"source": order.source, "order_key": order.key, "order": order, "at": NOON, "recorded_at": NOON}
    Refund.objects.create(**of_order, key="r", amount=1200, status="succeeded")
    Dispute.objects.create(**of_order, key="d", status="opened")
    LateFact.objects.create(conversion=conversion, key="2", outcome="refused", reason="not_new_customer", at=NOON)

    page = ada_client.get(f"/manage/conversions/{conversion.public_id}/")

    words = [
        *("Order 1001", "maria@example.net", "Ben", "Cleo", "CLEO7", "$50", "$4.90", "$54.90", "Does not count"),
        *("Refund of $12", "Paid back", "Dispute", "Came too late", "The customer had bought before"),
        *("Decision 1", "this one stands", "A family or an office may pay with the same card."),
        f"/manage/review/{conversion.public_id}/approve/",
    ]
    assert [word for word in words if word not in page.text] == []
    assert [contact.public_id for contact, _name in page.context["dossier"].contacts] == [touch.public_id]


def test_shows_all_decisions_with_the_standing_one_open(program, ben, ada_client):
    conversion = make_conversion(program, trace=trace(told("rule", "refused", "no_touch")))
    Decision.objects.update(superseded_at=NOON)
    Decision.objects.create(
        conversion=conversion, number=2, at=NOON, terms=program.terms.get(), outcome="credited", reason="credited",
        goal="first_order", credited_person=ben.person, referred_person=conversion.referred_person,
        advocate_side="allow", friend_side="allow", trace=trace(),
    )  # fmt: skip

    page = ada_client.get(f"/manage/conversions/{conversion.public_id}/")

    assert [one.decision.number for one in page.context["dossier"].decisions] == [2, 1]
    assert page.text.count('<details class="why" open>') == 1
    assert "replaced" in page.text


def test_shows_a_lead_and_what_is_not_decided_yet(program, ada_client):
    made = make_conversion(program)
    lead = Lead.objects.create(
        source=made.order.source, key="L7", customer=made.order.customer, goal="signup", at=NOON, recorded_at=NOON
    )
    conversion = Conversion.objects.create(
        program=program, lead=lead, fact=f"lead:{lead.pk}", referred_person=made.referred_person, occurred_at=NOON,
        recorded_at=NOON,
    )  # fmt: skip

    page = ada_client.get(f"/manage/conversions/{conversion.public_id}/")

    assert "Sign-up L7" in page.text
    assert "This is being decided" in page.text
    assert "Sign-up L7" in ada_client.get("/manage/conversions/").text


def test_does_not_exist_for_outsiders_and_is_closed_to_other_roles(program, ben, dan_client):
    conversion = make_conversion(program, credited=ben.person)
    moderator, admin = sign_in(make_staff("mo", "moderator")), sign_in(make_staff("root", "admin"))

    for address in ("", "export/", f"{conversion.public_id}/"):
        assert dan_client.get(f"/manage/conversions/{address}").status_code == 404
        assert moderator.get(f"/manage/conversions/{address}").status_code == 403
        assert admin.get(f"/manage/conversions/{address}").status_code == 200
    assert admin.get(f"/manage/conversions/{uuid.uuid4()}/").status_code == 404


@pytest.mark.parametrize("page", ["list", "one"])
def test_costs_the_same_with_rows_doubled(program, ben, cleo, ada_client, page):
    links = [make_link(program, ben), make_link(program, cleo)]
    conversion = stop(program, ben)
    address = "/manage/conversions/" if page == "list" else f"/manage/conversions/{conversion.public_id}/"

    def more():
        make_conversion(program, credited=cleo.person)
        number = Decision.objects.filter(conversion=conversion).count() + 1
        last = standing(conversion)
        Decision.objects.filter(pk=last.pk).update(superseded_at=NOON)
        touches = [make_touch(link, conversion.referred_person) for link in links]
        last.pk, last.public_id, last.number, last.superseded_at = None, uuid.uuid4(), number, None
        last.trace = trace(*(told("touch", "refused", "lost_precedence", NOON, touch) for touch in touches))
        last.save()
        conversion.order.lines.create(key=str(number), kind="goods", amount=1)

    more()
    before = cost(ada_client, address)
    more()
    more()

    assert cost(ada_client, address) == before


def test_keeps_to_its_budget_of_queries(program, ben):
    make_conversion(program, credited=ben.person)
    grace = sign_in(make_staff("grace", "program manager"))

    assert cost(grace, "/manage/conversions/") <= 10
