from datetime import timedelta

import pytest

from brand.models import Message
from integrations.models import Dispatch, Endpoint
from integrations.outbound import endpoints, sending
from spine.models import Event
from tests.factories import NOON
from tests.integrations.outbound.conftest import ACTOR, happen, make_endpoint, verified

DAY = timedelta(days=1)
NO_ADDRESSES = [
    *("", "crm.example.com", "ftp://crm.example.com", "https://", "https://user:pass@crm.example.com", "https://[::1"),
    *("https://crm.example.com:99999/", "https://crm.example.com/#part", "javascript:alert(1)"),
]


def send(at=NOON):
    while sending.send_due(at):
        pass


def sent(endpoint=None):
    found = Dispatch.objects.filter(**({"endpoint": endpoint} if endpoint else {})).order_by("event")
    return list(found.values_list("state", "tries", "status"))


def test_sends_what_happened_since_in_order(db, receiver):
    happen("order.recorded")
    endpoint, _secret = make_endpoint(receiver.url)
    happen("reward.promised", "reward.available")
    last = Event.objects.latest("position").position

    send()

    assert receiver.told == [("reward.promised", last - 1), ("reward.available", last)]
    assert sent() == [("taken", 1, 200)] * 2
    endpoint.refresh_from_db()
    assert (endpoint.position, endpoint.due_at) == (last, None)


def test_signs_as_the_specification_does(db, receiver):
    _endpoint, secret = make_endpoint(receiver.url)
    happen("reward.promised")

    send()

    event, ((headers, body),) = Event.objects.latest("position"), receiver.came
    assert verified(secret, headers, body) == {
        "position": event.position,
        "id": str(event.public_id),
        "type": "reward.promised",
        "at": "2026-11-21T12:00:00Z",
        "version": 3,
        "data": {"subject": {"kind": "order", "id": "o-1"}, "person": None, "amount": 5},
        "timestamp": "2026-11-21T12:00:00Z",
    }
    assert headers["Webhook-Id"] == str(event.public_id)
    assert headers["Webhook-Timestamp"] == str(int(NOON.timestamp()))


def test_signs_with_both_secrets_while_one_is_changed(db, receiver):
    endpoint, former = make_endpoint(receiver.url)
    fresh = endpoints.rotate(endpoint, ACTOR, NOON)
    happen("reward.promised")
    send()
    happen("reward.available")
    send(NOON + endpoints.OVERLAP)

    during, after = receiver.came
    assert [bool(verified(secret, *during)) for secret in (former, fresh)] == [True, True]
    assert [bool(verified(secret, *after)) for secret in (former, fresh)] == [False, True]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((), ["order.recorded", "reward.promised", "payout.paid"]),
        (("reward.*", "payout.paid"), ["reward.promised", "payout.paid"]),
        (("reward.available",), []),
    ],
)
def test_sends_what_an_endpoint_gets(db, receiver, names, told):
    endpoint, _secret = make_endpoint(receiver.url, *names)
    happen("order.recorded", "reward.promised", "payout.paid")

    send()

    assert [name for name, _position in receiver.told] == told
    endpoint.refresh_from_db()
    assert endpoint.position == Event.objects.latest("position").position


def test_tries_again_later_and_keeps_the_order(db, receiver):
    endpoint, _secret = make_endpoint(receiver.url)
    happen("reward.promised", "reward.available")
    receiver.answers = [500]

    send()
    endpoint.refresh_from_db()
    due_at, failing_since = endpoint.due_at, endpoint.failing_since
    first = sent()
    send(due_at - timedelta(microseconds=1))
    waited = len(receiver.came)
    send(due_at)

    assert timedelta(seconds=5) <= due_at - NOON <= timedelta(seconds=7.5)
    assert (failing_since, first, waited) == (NOON, [("trying", 1, 500)], 1)
    assert [name for name, _position in receiver.told] == ["reward.promised", "reward.promised", "reward.available"]
    assert [headers["Webhook-Id"] for headers, _body in receiver.came][0:2] == [
        str(Event.objects.order_by("-pk")[1].public_id)
    ] * 2
    assert sent() == [("taken", 2, 200), ("taken", 1, 200)]
    endpoint.refresh_from_db()
    assert (endpoint.failing_since, endpoint.tries) == (None, 0)


@pytest.mark.parametrize(
    ("tries", "seconds"), [(1, 5), (2, 30), (3, 180), (4, 1080), (5, 6480), (6, 21_600), (50, 21_600)]
)
def test_rests_longer_after_each_failure(tries, seconds):
    assert timedelta(seconds=seconds) <= sending.backoff(tries) <= timedelta(seconds=1.5 * seconds)


def test_lets_one_endpoint_that_is_down_hold_up_no_other(db, receiver, httpserver):
    down, _secret = make_endpoint(httpserver.url_for("/nobody"))
    up, _secret = make_endpoint(receiver.url)
    happen("reward.promised", "reward.available")

    send()

    assert sent(up) == [("taken", 1, 200)] * 2
    assert [(state, tries) for state, tries, _status in sent(down)] == [("trying", 1)]


def test_gives_up_after_days_and_writes_to_whoever_made_it(ada, receiver):
    endpoint, _secret = endpoints.make("CRM", receiver.url, [], ("user", str(ada.user.public_id)), NOON)
    receiver.status = 503
    happen("reward.promised")
    send()
    Endpoint.objects.update(due_at=NOON + sending.PATIENCE - timedelta(microseconds=1))
    send(NOON + sending.PATIENCE - timedelta(microseconds=1))
    endpoint.refresh_from_db()
    still = endpoint.disabled_at
    Endpoint.objects.update(due_at=NOON + sending.PATIENCE)

    send(NOON + sending.PATIENCE)

    endpoint.refresh_from_db()
    assert still is None
    assert (endpoint.disabled_at, endpoint.has_given_up, endpoint.due_at) == (NOON + sending.PATIENCE, True, None)
    letter = Message.objects.get()
    assert (letter.to, letter.subject) == (ada.user.email, "We stopped sending events to CRM")
    happen("reward.available")
    send(NOON + sending.PATIENCE + DAY)
    assert len(receiver.came) == 3


def test_stops_at_once_where_nobody_lives_any_more(ada, receiver):
    endpoint, _secret = make_endpoint(receiver.url)
    receiver.status = 410
    happen("reward.promised")

    send()

    endpoint.refresh_from_db()
    assert endpoint.has_given_up
    # Whoever made it is unknown, so everybody hears who may mend it.
    assert [letter.to for letter in Message.objects.all()] == [ada.user.email]


def test_goes_on_where_it_stood_once_it_is_on_again(db, receiver):
    endpoint, _secret = make_endpoint(receiver.url)
    endpoints.switch_off(endpoint, ACTOR, NOON)
    happen("reward.promised", "reward.available")
    send()
    while_off = len(receiver.came)

    endpoints.switch_on(endpoint, ACTOR, NOON)
    send()

    assert while_off == 0
    assert [name for name, _position in receiver.told] == ["reward.promised", "reward.available"]


def test_stops_serving_what_is_switched_off_meanwhile(db, receiver):
    endpoint, _secret = make_endpoint(receiver.url)
    happen("reward.promised", "reward.available")
    endpoints.switch_off(endpoint, ACTOR, NOON)

    assert sending.serve(endpoint, NOON) == {}

    assert [name for name, _position in receiver.told] == ["reward.promised"]
    endpoint.refresh_from_db()
    assert endpoint.due_at is None


def test_sends_a_range_once_more(db, receiver):
    endpoint, _secret = make_endpoint(receiver.url, "reward.*")
    happen("reward.promised", "order.recorded", "reward.available", "reward.redeemed")
    send()
    first = Event.objects.latest("position").position - 3
    receiver.came.clear()

    count = endpoints.repeat(endpoint, first, first + 2, ACTOR, NOON)
    send()

    assert count == 2
    assert receiver.told == [("reward.promised", first), ("reward.available", first + 2)]
    assert sent() == [("taken", 2, 200), ("taken", 2, 200), ("taken", 1, 200)]


def test_keeps_nothing_waiting_that_fails_when_sent_once_more(db, receiver):
    endpoint, _secret = make_endpoint(receiver.url)
    happen("reward.promised")
    send()
    position = Event.objects.latest("position").position
    endpoints.repeat(endpoint, position, position, ACTOR, NOON)
    receiver.answers = [500]
    happen("reward.available")

    send()

    assert [name for name, _position in receiver.told] == ["reward.promised", "reward.promised", "reward.available"]
    assert sent() == [("refused", 2, 500), ("taken", 1, 200)]


def test_repeats_nothing_that_was_not_sent_yet(db, receiver):
    endpoint, _secret = make_endpoint(receiver.url)
    happen("reward.promised")
    position = Event.objects.latest("position").position

    with pytest.raises(endpoints.NothingToRepeat):
        endpoints.repeat(endpoint, position, position + 5, ACTOR, NOON)


def test_calls_no_private_address(db, receiver, settings):
    make_endpoint(receiver.url)
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    happen("reward.promised")

    send()

    assert receiver.came == []
    dispatch = Dispatch.objects.get()
    assert (dispatch.state, dispatch.status) == ("trying", None)
    assert "can't be reached" in dispatch.answer


def test_keeps_the_beginning_of_an_answer(db, receiver, httpserver):
    httpserver.expect_request("/long").respond_with_data("\x00" + "no" * 500, 400)
    make_endpoint(httpserver.url_for("/long"))
    happen("reward.promised")

    send()

    assert Dispatch.objects.get().answer == "no" * 150


def test_writes_nothing_under_a_lease_that_another_has_now(db, receiver):
    endpoint, _secret = make_endpoint(receiver.url)
    happen("reward.promised")
    before = endpoint.position
    Endpoint.objects.update(lease=endpoint.lease + 1)

    assert sending.serve(endpoint, NOON) == {}

    endpoint.refresh_from_db()
    assert endpoint.position == before


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_refuses_what_is_no_address(db, url):
    with pytest.raises(endpoints.BadUrl):
        make_endpoint(url)

    assert not Endpoint.objects.exists()
