from html import unescape

import pytest
from django.db import transaction
from django.urls import reverse

from rewards import lots, wallets
from rewards.wallets import Balance
from tests.conftest import sign_in
from tests.factories import NOON, make_key, make_reward
from tests.rewards.living import DAY, follow, open_program, order, refund

WALLET = reverse("rewards:wallet")
LATER = NOON + 14 * DAY


def text(answer):
    return unescape(answer.content.decode()).replace("\u00a0", " ")


def test_adds_up_what_somebody_has(ben):
    make_reward(ben.person, 1500, expires_at=NOON + DAY)
    make_reward(ben.person, 500, available=False, hold_until=NOON + 3 * DAY)
    make_reward(ben.person, 250, available=False, hold_until=NOON + 2 * DAY)
    make_reward(ben.person, 70, unit="PTS")

    assert wallets.moving([ben.person_id]) == [
        Balance("PTS", available=70),
        Balance(
            "credit:USD",
            on_hold=750,
            available=1500,
            next_at=NOON + 2 * DAY,
            last_at=NOON + 3 * DAY,
            expires_at=NOON + DAY,
        ),
    ]


def test_tells_nobody_of_what_is_not_theirs(ben, dan):
    make_reward(ben.person, 1500)

    assert wallets.moving([dan.person_id]) == wallets.whole([dan.person_id]) == []
    assert "$15" not in text(sign_in(dan).get(WALLET))


def test_shows_what_was_earned_and_why(ben):
    open_program(ben)
    order()
    follow(LATER)
    refund("r-1", 3000, at=LATER)

    page = text(sign_in(ben).get(WALLET))

    for said in (
        "$7",
        "$3 of it went back",
        "$10 was promised.",
        "The wait is over: $10 is free.",
        "$3 went back: the order was paid back, wholly or in part.",
    ):
        assert said in page


def test_says_what_is_owed(ben):
    open_program(ben)
    order()
    follow(LATER)
    with transaction.atomic():
        lots.take(ben.person_id, "credit:USD", 1000, "redemption:1", LATER)
    with transaction.atomic():
        lots.arrive("redemption:1", LATER)
    refund("r-1", 10_000, at=LATER)

    assert "$10 is taken off what you earn next" in text(sign_in(ben).get(WALLET))


def test_teaches_whoever_has_nothing_yet(ben):
    assert "Nothing earned yet" in text(sign_in(ben).get(WALLET))


def test_is_on_the_home_once_there_is_something(ben):
    client = sign_in(ben)
    assert "What you earned" not in text(client.get(reverse("home")))

    make_reward(ben.person, 1500)

    assert "$15" in text(client.get(reverse("home")))


def test_asks_for_a_sign_in(client, db):
    assert client.get(WALLET).status_code == 302


def test_costs_the_same_with_more_history(ben, django_assert_max_num_queries):
    client = sign_in(ben)
    for _ in range(3):
        make_reward(ben.person, 100)
    with django_assert_max_num_queries(9):
        client.get(WALLET)
    for _ in range(30):
        make_reward(ben.person, 100)

    with django_assert_max_num_queries(9):
        client.get(WALLET)


@pytest.fixture
def api(client, db):
    _key, token = make_key("rewards:read")
    return lambda path: client.get(f"/api/v1/advocates/{path}", headers={"Authorization": f"Bearer {token}"})


def test_gives_systems_the_balances(api, ben):
    make_reward(ben.person, 1500)
    make_reward(ben.person, 70, unit="PTS", available=False)

    assert api(f"{ben.person_id}/balances").json() == {
        "balances": [
            {"unit": "PTS", "on_hold": 70, "available": 0, "in_flight": 0, "owed": 0, "redeemed": 0, "paid": 0},
            {
                "unit": "credit:USD",
                "on_hold": 0,
                "available": 1500,
                "in_flight": 0,
                "owed": 0,
                "redeemed": 0,
                "paid": 0,
            },
        ]
    }


def test_gives_systems_the_rewards(api, ben):
    reward = make_reward(ben.person, 1500)

    answer = api(f"{ben.person_id}/rewards").json()

    (row,) = answer["results"]
    assert (row["id"], row["amount"], row["state"], row["version"]) == (str(reward.public_id), 1500, "available", 2)
    assert row["occasion"] == {"kind": "conversion", "id": reward.occasion.subject}
    assert row["places"]["available"] == 1500


@pytest.mark.parametrize("path", ["nobody/balances", "00000000-0000-4000-8000-000000000000/rewards"])
def test_knows_nobody_who_has_not_joined(api, path):
    answer = api(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_advocate")


@pytest.mark.parametrize("path", ["balances", "rewards"])
def test_tells_nothing_without_the_scope(client, ben, path):
    _key, token = make_key("facts:write")

    answer = client.get(f"/api/v1/advocates/{ben.person_id}/{path}", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 403
