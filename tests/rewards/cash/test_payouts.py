import json
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advocacy_platform import privacy
from advocates import suspending
from advocates.staff import party
from brand.models import Message
from rewards import lots, people
from rewards.cash import batches, details, payouts
from rewards.ledger import BadAmount, InsufficientBalance
from rewards.models import Payout, PayoutDetails, Reward
from spine import clock
from spine.models import AuditEntry, Event
from spine.money import UnknownCurrency, UnknownUnit
from tests.factories import NOON, make_advocate, make_key
from tests.rewards.cash.cash import ACTOR, LATER, ask, balances, enter, everything, give, pay, requested

PAGE = reverse("rewards:payouts")
REQUEST = reverse("rewards:request_payout", args=["USD"])


def text(answer):
    return unescape(answer.content.decode())


def test_takes_what_was_asked_for_out_of_the_balance(cleo):
    give(cleo, 3000)
    give(cleo, 2000)
    enter(cleo)

    payout = ask(cleo, amount=4500)

    assert (payout.state, payout.amount, payout.version) == ("requested", 4500, 1)
    assert balances(cleo) == {"available": 500, "in_flight": 4500}
    event = Event.objects.get(name="payout.requested")
    assert (event.person, event.payload) == (cleo.person.pk, {"version": 1, "unit": "cash:USD", "amount": 4500})
    assert AuditEntry.objects.filter(verb="payout.requested", actor_id="test").count() == 1


def test_takes_all_that_is_available_unless_told_otherwise(cleo):
    give(cleo, 2500)
    give(cleo, 900, expires_at=NOON)
    give(cleo, 900, available=False)
    enter(cleo)

    assert ask(cleo).amount == 2500


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({"unit": "credit:USD"}, payouts.NotCash),
        ({"unit": "PTS"}, payouts.NotCash),
        ({"unit": "cash"}, UnknownUnit),
        ({"unit": "cash:usd"}, UnknownCurrency),
        ({"unit": "cash:EUR"}, payouts.BelowThreshold),
        ({"amount": 0}, BadAmount),
        ({"amount": -5000}, BadAmount),
        ({"amount": 10**30}, BadAmount),
        ({"amount": True}, BadAmount),
        ({"amount": 1999}, payouts.BelowThreshold),
        ({"amount": 5001}, InsufficientBalance),
    ],
)
def test_refuses_what_cant_be_paid_out(cleo, told, refusal):
    give(cleo, 5000)
    enter(cleo)
    before = everything()

    with pytest.raises(refusal):
        payouts.request(cleo.person, **{"unit": "cash:USD", "actor": ACTOR, "at": NOON, **told})

    assert everything() == before
    assert not Event.objects.exists()


def test_refuses_whom_nothing_can_be_paid(cleo, ben, dan):
    for advocate in (cleo, ben, dan):
        give(advocate)
    enter(ben)
    enter(dan)
    suspending.suspend(ben.person, ACTOR, "Spam", NOON)
    dan.delete()
    before = everything()

    for advocate, refusal in ((cleo, details.NoDetails), (ben, suspending.Suspended), (dan, people.NoAdvocate)):
        with pytest.raises(refusal):
            ask(advocate)

    assert everything() == before


def test_pays_from_the_threshold_on(cleo, settings):
    settings.PAYOUT_THRESHOLD = 5000
    give(cleo, 4999)
    enter(cleo)

    with pytest.raises(payouts.BelowThreshold):
        ask(cleo)
    give(cleo, 1)

    assert ask(cleo).amount == 5000


def test_has_one_open_payout_in_a_unit(cleo):
    requested(cleo)
    give(cleo)
    before = everything()

    with pytest.raises(payouts.AlreadyRequested):
        ask(cleo)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.create(person=cleo.person, unit="cash:USD", amount=1, requested_at=NOON, key="x")

    assert everything() == before
    assert requested(cleo, unit="cash:EUR").unit == "cash:EUR"


def test_of_two_requests_at_once_one_wins(transactional_db, cleo, together):
    give(cleo, 5000)
    enter(cleo)

    results = together([lambda: ask(cleo, amount=2500)] * 2)

    assert sorted(type(result) for result in results if not isinstance(result, Payout)) == [payouts.AlreadyRequested]
    assert Payout.objects.count() == 1
    assert balances(cleo) == {"available": 2500, "in_flight": 2500}


def test_the_last_money_goes_to_a_payout_or_to_a_redemption(transactional_db, cleo, together):
    give(cleo, 3000)
    enter(cleo)

    def redeem():
        with transaction.atomic():
            return lots.take(cleo.person.pk, "cash:USD", 3000, "redemption:1", NOON)

    results = together([lambda: ask(cleo, amount=3000), redeem])

    assert sum(isinstance(result, InsufficientBalance) for result in results) == 1
    assert balances(cleo) == {"in_flight": 3000}
    assert Payout.objects.count() == (1 if any(isinstance(result, Payout) for result in results) else 0)


def test_withdraws_what_nobody_approved(cleo):
    payout = requested(cleo)

    payouts.cancel(payout, ACTOR, LATER)

    payout.refresh_from_db()
    assert (payout.state, payout.ended_at, payout.version) == ("cancelled", LATER, 2)
    assert balances(cleo) == {"available": 5000}
    assert Event.objects.get(name="payout.cancelled").payload["version"] == 2


def test_a_withdrawn_one_leaves_its_batch(ada, cleo, ben):
    payout = requested(cleo)
    requested(ben)
    batch = batches.make(ada.user, LATER)

    payouts.cancel(payout, ACTOR, LATER)
    batches.approve(batch, ada.user, LATER)

    assert [each.person for each in batch.payouts.all()] == [ben.person]


def test_withdraws_nothing_that_went_on(ada, cleo):
    payout = requested(cleo)
    batches.approve(batches.make(ada.user, LATER), ada.user, LATER)
    before = everything()

    with pytest.raises(payouts.NotRequested):
        payouts.cancel(payout, ACTOR, LATER)
    with pytest.raises(payouts.NotRequested):
        payouts.decline(payout, ada.user, "Why", LATER)

    assert everything() == before


def test_declines_in_words_that_the_advocate_reads(ada, cleo):
    payout = requested(cleo)

    payouts.decline(payout, ada.user, "Please send us your invoice first", LATER)

    payout.refresh_from_db()
    assert (payout.state, payout.reason) == ("cancelled", "Please send us your invoice first")
    message = Message.objects.get(key=f"payout-cancelled:{payout.public_id}")
    assert "Please send us your invoice first" in message.text
    assert AuditEntry.objects.get(verb="payout.cancelled").reason.text == "Please send us your invoice first"


def test_declines_nothing_of_ones_own_or_without_a_word(ada, cleo):
    mine, theirs = requested(ada), requested(cleo)
    before = everything()

    with pytest.raises(payouts.OwnPayout):
        payouts.decline(mine, ada.user, "Why", LATER)
    with pytest.raises(suspending.ReasonMissing):
        payouts.decline(theirs, ada.user, "  ", LATER)

    assert everything() == before


def test_erasing_withdraws_what_nobody_was_asked_to_pay(cleo, ben, ada, bank):
    bank.deaf = 9
    requested(ben)
    batches.approve(batches.make(ada.user, LATER), ada.user, LATER)
    pay(LATER)
    payout = requested(cleo)

    privacy.erase(cleo.person, party(cleo.user), LATER)
    privacy.erase(ben.person, party(ben.user), LATER)

    payout.refresh_from_db()
    assert payout.state == "cancelled"
    assert balances(cleo) == {"available": 5000}
    # The bank may have it: its outcome is awaited, and then nobody is left to write to.
    assert Payout.objects.get(person=ben.person).state == "unknown"
    assert set(PayoutDetails.objects.values_list("sealed", "ending")) == {("", "")}
    pay(LATER + timedelta(hours=25))
    assert Payout.objects.get(person=ben.person).state == "cancelled"
    assert balances(ben) == {"available": 5000}


def test_exports_payouts_and_the_end_of_their_details(cleo):
    payout = requested(cleo)

    told = json.loads(json.dumps(privacy.export(cleo.person)["rewards"], default=str))

    assert told["payouts"][0]["public_id"] == str(payout.public_id)
    assert told["payout_details"][0]["ending"] == "3000"
    assert "DE89" not in json.dumps(told)


@pytest.mark.parametrize(
    ("amount", "says"),
    [(0, "No cash yet"), (1250, "We pay out from $20 on: $7.50 more"), (2000, "so you can have it now")],
)
def test_the_page_says_what_is_missing_in_words(cleo_client, cleo, amount, says):
    if amount:
        give(cleo, amount)

    assert says in text(cleo_client.get(PAGE))


def test_the_page_shows_what_became_of_what_was_asked_for(cleo_client, cleo, dan_client):
    requested(cleo)

    assert "A payout of $50 is under way" in text(cleo_client.get(PAGE))
    assert "Withdraw" in text(cleo_client.get(PAGE))
    assert "$50" not in text(dan_client.get(PAGE))


def test_the_page_asks_the_same_for_many_as_for_one(cleo_client, cleo, ada):
    def count():
        with CaptureQueriesContext(connection) as asked:
            cleo_client.get(PAGE)
        return len(asked)

    payouts.cancel(requested(cleo), ACTOR, NOON)
    count()
    few = count()
    for unit in ("cash:EUR", "cash:NOK"):
        requested(cleo, unit=unit)
    for _ in range(5):
        payouts.cancel(ask(cleo), ACTOR, NOON)

    assert count() == few


def test_the_page_takes_a_request(cleo_client, cleo):
    give(cleo, 5000, at=clock.now())
    enter(cleo, at=clock.now())

    assert 'value="50.00"' in text(cleo_client.get(REQUEST))
    answer = cleo_client.post(REQUEST, {"amount": "25,50"})

    assert answer.url == PAGE
    assert Payout.objects.get().amount == 2550
    assert AuditEntry.objects.get(verb="payout.requested").actor_id == str(cleo.user.public_id)


@pytest.mark.parametrize(
    ("amount", "status"), [("", 422), ("x", 422), ("1.234", 422), ("NaN", 422), ("1", 409), ("99", 409)]
)
def test_the_page_refuses_a_request_and_says_why(cleo_client, cleo, amount, status):
    give(cleo, 5000, at=clock.now())
    enter(cleo, at=clock.now())
    before = everything()

    answer = cleo_client.post(REQUEST, {"amount": amount})

    assert (answer.status_code, "field__errors" in text(answer) or "notice--bad" in text(answer)) == (status, True)
    assert everything() == before


def test_nobody_withdraws_what_is_somebody_elses(cleo, dan_client, cleo_client):
    payout = requested(cleo)
    page = reverse("rewards:cancel_payout", args=[payout.public_id])

    assert dan_client.post(page).status_code == 404
    assert Payout.objects.get().state == "requested"
    assert cleo_client.get(page).status_code == 405
    assert cleo_client.post(page).status_code == 302
    assert Payout.objects.get().state == "cancelled"


class Shop:
    def __init__(self, *scopes):
        self.key, token = make_key(*scopes)
        self.client, self.headers = Client(), {"authorization": f"Bearer {token}"}

    def post(self, body, **headers):
        return self.client.post(
            "/api/v1/payouts", json.dumps(body), content_type="application/json", headers={**self.headers, **headers}
        )

    def get(self, path=""):
        return self.client.get(f"/api/v1/payouts{path}", headers=self.headers)


def test_the_api_asks_for_a_payout_once(cleo):
    give(cleo, 5000, at=clock.now())
    enter(cleo, at=clock.now())
    shop = Shop("payouts:read", "payouts:write")
    body = {"advocate": str(cleo.person.pk), "unit": "cash:USD", "amount": 3000}

    first, again = (shop.post(body, **{"idempotency-key": "one"}) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    payout = Payout.objects.get()
    told = first.json()
    assert datetime.fromisoformat(told.pop("requested_at")).astimezone(UTC) == payout.requested_at
    assert told == {
        "id": str(payout.public_id),
        "advocate": str(cleo.person.pk),
        "unit": "cash:USD",
        "amount": 3000,
        "state": "requested",
        "reason": "",
        "ended_at": None,
        "version": 1,
    }
    assert shop.post(body).json()["code"] == "payout_already_requested"
    assert AuditEntry.objects.get(verb="payout.requested").actor_kind == "api_key"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"unit": "PTS"}, 422, "not_cash"),
        ({"unit": "cash:XXX"}, 422, "unknown_currency"),
        ({"amount": 100}, 409, "below_payout_threshold"),
        ({"amount": "3000"}, 400, None),
        ({"amount": 3000.0}, 400, None),
        ({"amount": 0}, 400, None),
        ({"advocate": "nobody"}, 400, None),
        ({"advocate": "00000000-0000-4000-8000-000000000000"}, 404, "no_advocate"),
        ({"account": "DE89"}, 400, None),
    ],
)
def test_the_api_refuses_clearly(cleo, change, status, code):
    give(cleo, 5000, at=clock.now())
    enter(cleo, at=clock.now())
    before = everything()

    answer = Shop("payouts:read", "payouts:write").post(
        {"advocate": str(cleo.person.pk), "unit": "cash:USD", "amount": 3000, **change}
    )

    assert answer.status_code == status
    assert code is None or answer.json()["code"] == code
    assert everything() == before


def test_the_api_lists_payouts(cleo, ben):
    first, second = requested(cleo), requested(ben)
    shop = Shop("payouts:read")

    assert [row["id"] for row in shop.get().json()["results"]] == [str(second.public_id), str(first.public_id)]
    assert [row["id"] for row in shop.get(f"?advocate={cleo.person.pk}").json()["results"]] == [str(first.public_id)]
    assert shop.get("?state=paid").json()["results"] == []
    assert shop.get("?state=lost").status_code == 400
    assert shop.get(f"/{first.public_id}").json()["amount"] == 5000
    assert shop.get(f"/{cleo.person.pk}").status_code == 404


def test_the_api_needs_its_scopes(cleo):
    body = {"advocate": str(cleo.person.pk), "unit": "cash:USD"}

    assert Shop("payouts:read").post(body).status_code == 403
    assert Shop("payouts:write").get().status_code == 403
    assert Shop("facts:read").get().status_code == 403
    assert Client().get("/api/v1/payouts").status_code == 401
    assert not Payout.objects.exists()


def test_what_is_settled_never_exceeds_what_was_payable(ada, bank):
    for number in range(5):
        advocate = make_advocate(f"sum{number}")
        requested(advocate, 2000 + number)
        give(advocate, 500)
    batches.approve(batches.make(ada.user, LATER), ada.user, LATER)
    pay(LATER)

    assert sum(Payout.objects.filter(state="paid").values_list("amount", flat=True)) == 10010
    assert sum(Reward.objects.values_list("paid", flat=True)) == 10010
    assert {account for account, _amount in bank.taken.values()} == {"DE89370400440532013000"}
    assert len(bank.taken) == Payout.objects.count()
