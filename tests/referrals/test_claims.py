from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from advocates.models import Advocate
from brand.models import Message
from customers.models import Order
from referrals.decide import attribution
from referrals.models import Claim, Click, Conversion, Touch
from referrals.review import claims
from spine.models import AuditEntry, Event
from tests.conftest import sign_in
from tests.factories import NOON, make_conversion, make_link, make_program, make_staff, make_touch
from tests.referrals.judging import name

DAY = date(2026, 11, 18)
FORM = {"order_key": "1001", "recommended_on": "2026-11-18", "words": "I told her at work."}


@pytest.fixture
def program(db, cleo):
    """A program in which Cleo has a link."""
    program = make_program(time_zone="America/New_York")
    make_link(program, cleo, "CLEO7")
    return program


def file(program, person, order="1001", day=DAY, at=NOON):
    return claims.file(person, program, order, day, "I told her at work.", at)


def arrive(program, key="1001", **fields):
    """The shop's order of that number, not credited so far."""
    conversion = make_conversion(program, **fields)
    Order.objects.filter(pk=conversion.order_id).update(key=key)
    name(conversion, "maria@example.net")
    return Conversion.objects.get(pk=conversion.pk)


def is_open(claim):
    claim.refresh_from_db()
    return claim.state == "open" and not Touch.objects.filter(kind="manual").exists() and not Message.objects.exists()


# --- Filing


def test_files_a_claim(program, cleo):
    claim = file(program, cleo.person)

    assert (claim.state, claim.filed_at, claim.order_key) == ("open", NOON, "1001")
    event = Event.objects.get(name="claim.filed")
    assert event.payload == {"program": str(program.public_id)}


def test_takes_no_recommendation_of_tomorrow_in_the_programs_time_zone(program, cleo):
    evening = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

    file(program, cleo.person, day=date(2026, 11, 21), at=evening)
    with pytest.raises(claims.NotRecommendedYet):
        file(program, cleo.person, "1002", day=date(2026, 11, 22), at=evening)

    assert Claim.objects.count() == 1


def test_takes_one_open_claim_for_an_order(program, cleo):
    claim = file(program, cleo.person)

    with pytest.raises(claims.AlreadyClaimed):
        file(program, cleo.person)

    assert list(Claim.objects.all()) == [claim]
    assert Event.objects.filter(name="claim.filed").count() == 1


def test_takes_a_claim_again_once_it_is_answered(program, cleo, ada):
    claims.decline(file(program, cleo.person), ada.user, answer="No", at=NOON)

    file(program, cleo.person)

    assert Claim.objects.count() == 2


def test_takes_ten_open_claims_and_no_more(program, cleo):
    for number in range(claims.MOST_OPEN):
        file(program, cleo.person, str(number))

    with pytest.raises(claims.TooManyClaims) as refused:
        file(program, cleo.person, "eleventh")

    assert "10 open claims" in refused.value.detail
    assert Claim.objects.count() == 10


def test_takes_no_claim_of_somebody_without_a_link(program, dan):
    with pytest.raises(claims.NoLink):
        file(program, dan.person)

    assert not Claim.objects.exists()


@pytest.mark.services
def test_takes_ten_claims_however_many_come_at_once(together):
    program, cleo = make_program(), make_staff("cleo", "moderator")
    make_link(program, cleo)
    for number in range(9):
        file(program, cleo.person, str(number))

    results = together([lambda key=key: file(program, cleo.person, key) for key in ("a", "b", "c")])

    assert sum(isinstance(result, claims.TooManyClaims) for result in results) == 2
    assert Claim.objects.count() == 10


# --- Answering


def test_turns_a_granted_claim_into_a_touch_of_that_days_beginning(program, cleo, ada):
    conversion = arrive(program)
    claim = file(program, cleo.person)
    later = NOON + timedelta(days=1)

    claims.grant(claim, conversion.order, ada.user, answer="We found it.", at=later)

    touch = Touch.objects.get(kind="manual")
    assert touch.key == f"manual:{claim.public_id}"
    assert (touch.touched_at, touch.granted_at, touch.recorded_at) == (
        datetime(2026, 11, 18, 5, 0, tzinfo=UTC),
        later,
        later,
    )
    assert (touch.person, touch.link.person, touch.order) == (conversion.referred_person, cleo.person, conversion.order)
    claim.refresh_from_db()
    assert (claim.state, claim.touch, claim.decided_at, claim.decided_by) == (
        "granted",
        touch,
        later,
        str(ada.user.public_id),
    )
    assert Conversion.objects.get().due_at == later
    assert AuditEntry.objects.get().verb == "claim.granted"
    assert Event.objects.filter(name="claim.granted").count() == 1
    [message] = Message.objects.all()
    assert (message.to, message.subject) == ("cleo@example.com", "Your claim was granted")
    assert "We found it." in message.text
    assert "maria@example.net" not in message.text + message.html


def test_credits_the_advocate_whose_claim_was_granted(program, cleo, ada):
    conversion = arrive(program)
    conversion.order.lines.create(key="1", kind="goods", amount=5000)
    claims.grant(file(program, cleo.person), conversion.order, ada.user, at=NOON)

    attribution.decide_due(NOON)

    conversion.refresh_from_db()
    assert (conversion.state, conversion.credited_person_id) == ("credited", cleo.person_id)


def test_opens_a_conversion_for_an_order_that_nobody_was_known_to_have_recommended(program, cleo, ada):
    elsewhere = arrive(make_program("Other"))

    claims.grant(file(program, cleo.person), elsewhere.order, ada.user, at=NOON)

    opened = Conversion.objects.get(program=program)
    assert (opened.order, opened.state, opened.due_at) == (elsewhere.order, "undecided", NOON)


def test_grants_for_an_order_that_names_no_customer(program, cleo, ada):
    conversion = arrive(program)
    Order.objects.filter(pk=conversion.order_id).update(customer=None)

    claims.grant(file(program, cleo.person), Order.objects.get(), ada.user, at=NOON)

    assert Touch.objects.get(kind="manual").order == Order.objects.get()


def test_declines_with_words_that_the_advocate_reads(program, cleo, ada, cleo_client):
    claim = file(program, cleo.person)

    claims.decline(claim, ada.user, answer="It came before that day.", at=NOON)

    claim.refresh_from_db()
    assert (claim.state, claim.answer, claim.touch) == ("declined", "It came before that day.", None)
    assert "It came before that day." in Message.objects.get().text
    assert "It came before that day." in cleo_client.get("/claims/").text


def test_answers_nothing_twice(program, cleo, ada):
    conversion, claim = arrive(program), file(program, cleo.person)
    claims.decline(claim, ada.user, answer="No", at=NOON)

    with pytest.raises(claims.AlreadyDecided):
        claims.grant(claim, conversion.order, ada.user, at=NOON)

    assert not Touch.objects.filter(kind="manual").exists()
    assert Message.objects.count() == 1


def test_lets_nobody_answer_their_own_claim_or_one_about_their_own_order(program, cleo, ada):
    make_link(program, ada)
    own, others = file(program, ada.person), file(program, cleo.person)
    conversion = arrive(program, referred=ada.person)

    for answer in (
        lambda: claims.decline(own, ada.user, answer="No", at=NOON),
        lambda: claims.grant(own, conversion.order, ada.user, at=NOON),
        lambda: claims.grant(others, conversion.order, ada.user, at=NOON),
    ):
        with pytest.raises(claims.OwnClaim):
            answer()

    assert is_open(own)
    assert is_open(others)


def test_writes_to_nobody_who_was_erased(program, cleo, ada):
    claim = file(program, cleo.person)
    Advocate.objects.filter(pk=cleo.pk).delete()

    claims.decline(claim, ada.user, answer="No", at=NOON)

    assert not Message.objects.exists()


@pytest.mark.services
def test_answers_once_when_two_answer_at_once(together):
    program, cleo = make_program(), make_staff("cleo", "moderator")
    make_link(program, cleo)
    managers = [make_staff("ada", "program manager"), make_staff("grace", "program manager")]
    conversion, claim = arrive(program), file(program, cleo.person)

    results = together(
        [
            lambda: claims.grant(claim, conversion.order, managers[0].user, at=NOON),
            lambda: claims.decline(claim, managers[1].user, answer="No", at=NOON),
        ]
    )

    assert sum(isinstance(result, claims.AlreadyDecided) for result in results) == 1
    assert Message.objects.count() == 1
    assert Touch.objects.count() == (1 if Claim.objects.get().state == "granted" else 0)


# --- The advocate's pages


def test_an_advocate_files_a_claim_and_finds_it_among_theirs(program, cleo_client):
    answer = cleo_client.post("/claims/file/", {**FORM, "program": program.pk})

    assert answer.url == "/claims/"
    page = cleo_client.get("/claims/")
    assert "Order 1001" in page.text
    assert "One of us looks at it" in page.text


def test_an_advocate_reads_why_a_claim_is_not_taken(program, cleo, cleo_client):
    file(program, cleo.person)
    form = {**FORM, "program": program.pk}

    twice = cleo_client.post("/claims/file/", form)
    tomorrow = cleo_client.post("/claims/file/", {**form, "order_key": "2", "recommended_on": "2999-01-01"})

    assert (twice.status_code, tomorrow.status_code) == (409, 422)
    assert "You have claimed this order already" in twice.text
    assert "recommended_on" in tomorrow.context["form"].errors
    assert Claim.objects.count() == 1


@pytest.mark.parametrize("field", ["program", "order_key", "recommended_on", "words"])
def test_files_nothing_out_of_half_a_form(program, cleo_client, field):
    form = {name: value for name, value in {**FORM, "program": program.pk}.items() if name != field}

    page = cleo_client.post("/claims/file/", form)

    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {field}
    assert not Claim.objects.exists()


def test_an_advocate_claims_in_no_program_without_a_link(program, dan_client):
    page = dan_client.post("/claims/file/", {**FORM, "program": program.pk})

    assert page.status_code == 422
    assert not Claim.objects.exists()
    assert "You have no link yet" in dan_client.get("/claims/file/").text


def test_an_advocate_sees_nobody_elses_claims(program, cleo, dan_client):
    file(program, cleo.person)

    assert "1001" not in dan_client.get("/claims/").text
    assert "Is an order missing?" in dan_client.get("/claims/").text


# --- The staff's pages


def test_staff_see_what_waits_the_oldest_first(program, cleo, ada_client):
    file(program, cleo.person, "2")
    file(program, cleo.person, "1", at=NOON - timedelta(days=1))

    page = ada_client.get("/manage/claims/")

    assert [claim.order_key for claim, _name in page.context["rows"]] == ["1", "2"]
    assert "No claim was answered yet" in ada_client.get("/manage/claims/?state=answered").text


def test_staff_see_all_that_is_known(program, cleo, ben, ada_client):
    link, claim = cleo.person.links.get(), file(program, cleo.person, "#1001")
    conversion = arrive(program)
    make_touch(make_link(program, ben, "BEN42"), conversion.referred_person, at=NOON - timedelta(days=2))
    make_touch(link, conversion.referred_person, kind="code", order=conversion.order)
    for number, (verdict, at) in enumerate(
        [("human", datetime(2026, 11, 18, 12, tzinfo=UTC)), ("bot", datetime(2026, 11, 19, 12, tzinfo=UTC)),
         ("human", datetime(2026, 11, 20, 12, tzinfo=UTC))]
    ):  # fmt: skip
        Click.objects.create(id=f"00000000-0000-4000-8000-00000000000{number}", link=link, at=at, verdict=verdict)

    page = ada_client.get(f"/manage/claims/{claim.public_id}/")

    evidence = page.context["evidence"]
    assert (evidence.visits, evidence.machines) == (1, 1)
    [found] = evidence.orders
    assert (found.customer, found.is_new, [touch.link.code for touch in found.typed]) == (
        "maria@example.net",
        True,
        ["CLEO7"],
    )
    assert all(word in page.text for word in ("BEN42", "Not credited", "The code CLEO7 came with the order"))


def test_staff_see_that_no_shop_has_told_of_the_order(program, cleo, ada_client):
    claim = file(program, cleo.person)

    page = ada_client.get(f"/manage/claims/{claim.public_id}/")

    assert "No shop has told of an order with this number yet" in page.text
    assert "Grant</span>" not in page.text
    assert (
        ada_client.post(f"/manage/claims/{claim.public_id}/grant/", {"order": str(claim.public_id)}).status_code == 422
    )
    assert is_open(claim)


def test_staff_grant_and_decline(program, cleo, ada_client):
    conversion = arrive(program)
    first, second = file(program, cleo.person), file(program, cleo.person, "7")

    granted = ada_client.post(f"/manage/claims/{first.public_id}/grant/", {"order": str(conversion.order.public_id)})
    silent = ada_client.post(f"/manage/claims/{second.public_id}/decline/", {"answer": " "})
    declined = ada_client.post(f"/manage/claims/{second.public_id}/decline/", {"answer": "Not yours"})
    again = ada_client.post(f"/manage/claims/{second.public_id}/decline/", {"answer": "Not yours"})

    assert (granted.url, silent.status_code, declined.url, again.status_code) == (
        "/manage/claims/",
        422,
        "/manage/claims/",
        409,
    )
    assert set(Claim.objects.values_list("state", flat=True)) == {"granted", "declined"}


def test_an_erased_claim_can_still_be_opened(program, cleo, ada, ada_client):
    claim = file(program, cleo.person)
    claims.decline(claim, ada.user, answer="No", at=NOON)
    Claim.objects.update(order_key="", words="", answer="")
    Advocate.objects.filter(pk=cleo.pk).delete()

    assert ada_client.get(f"/manage/claims/{claim.public_id}/").status_code == 200
    assert "An erased claim" in ada_client.get("/manage/claims/?state=answered").text


@pytest.mark.parametrize("act", ["", "{id}/", "{id}/grant/", "{id}/decline/"])
def test_keeps_others_out(program, cleo, dan_client, act):
    claim = file(program, cleo.person)
    address = "/manage/claims/" + act.format(id=claim.public_id)
    moderator = sign_in(make_staff("mo", "moderator"))

    for client, status in ((dan_client, 404), (moderator, 403)):
        assert client.get(address).status_code in {status, 405}
        assert client.post(address, {"answer": "No"}).status_code in {status, 405}
    assert is_open(claim)


@pytest.mark.parametrize("page", ["/claims/", "/manage/claims/"])
def test_costs_the_same_with_claims_doubled(program, cleo, ada_client, cleo_client, page):
    client = cleo_client if page == "/claims/" else ada_client
    other = make_staff("other", "moderator")
    make_link(program, other)

    def cost():
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200
        return len(captured)

    file(program, cleo.person, "1")
    file(program, other.person, "2")
    before = cost()
    file(program, cleo.person, "3")
    file(program, other.person, "4")

    assert cost() == before
