import pytest
from django.urls import reverse

from advocates import sealing
from integrations.models import Dispatch, Endpoint
from integrations.outbound import endpoints, sending
from spine.models import Event
from tests.factories import NOON
from tests.integrations.outbound.conftest import happen, make_endpoint

URL = "https://crm.example.com/events"


def one(client, name, endpoint, /, **told):
    url = reverse(f"integrations:{name}", args=[endpoint.public_id])
    return client.post(url, told) if told else client.get(url)


def test_adds_an_endpoint_and_shows_its_secret_once(ada_client):
    told = {"is_chat": "no", "name": "CRM", "url": URL, "names": "reward.*, payout.paid\nreward.*"}
    text = ada_client.post(reverse("integrations:add_endpoint"), told).content.decode()

    endpoint = Endpoint.objects.get()
    secret = sealing.unseal(endpoint.secret, endpoints.PURPOSE)
    assert (endpoint.url, endpoint.names) == (URL, ["payout.paid", "reward.*"])
    assert secret in text
    assert secret not in endpoint.secret
    assert secret not in one(ada_client, "endpoint", endpoint).content.decode()
    assert "CRM" in ada_client.get(reverse("integrations:endpoints")).content.decode()


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"is_chat": "no", "name": "CRM", "url": "crm"}, "Give a whole address that begins with https://"),
        ({"name": "CRM", "url": URL, "names": "Rewards"}, "is no name of an event"),
        ({"name": "", "url": URL}, "This field is required."),
    ],
)
def test_says_what_is_wrong(ada_client, told, says):
    answer = ada_client.post(reverse("integrations:add_endpoint"), told)

    assert says in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_changes_where_events_go(ada_client):
    endpoint, _secret = make_endpoint(URL)

    one(ada_client, "change_endpoint", endpoint, name="Warehouse", url=f"{URL}/2", names="")

    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.url, endpoint.names) == ("Warehouse", f"{URL}/2", [])


def test_makes_another_secret(ada_client):
    endpoint, secret = make_endpoint(URL)

    ada_client.post(reverse("integrations:endpoint_secret", args=[endpoint.public_id]))

    endpoint.refresh_from_db()
    found = endpoints.secrets_of(endpoint, endpoint.former_until - endpoints.OVERLAP)
    assert found[1] == secret
    assert found[0] != secret


def test_is_switched_off_and_on(ada_client):
    endpoint, _secret = make_endpoint(URL)

    answers = [one(ada_client, "switch_endpoint", endpoint, to=to).status_code for to in ("off", "off", "on", "on")]

    assert answers == [302, 409, 302, 409]
    assert Endpoint.objects.get().disabled_at is None


def test_sends_one_event_once_more(ada_client, receiver):
    endpoint, _secret = make_endpoint(receiver.url)
    happen("reward.promised")
    sending.send_due(NOON)
    position = Event.objects.latest("position").position

    one(ada_client, "repeat_events", endpoint, first=position, last=position)
    text = one(ada_client, "endpoint", endpoint).content.decode()

    assert "One event is sent once more." in text
    assert Dispatch.objects.get().again_at is not None


def test_shows_what_was_answered(ada_client, receiver):
    endpoint, _secret = make_endpoint(receiver.url)
    receiver.status = 500
    happen("reward.promised")
    sending.send_due(NOON)

    text = one(ada_client, "endpoint", endpoint).content.decode()

    for said in ("reward.promised", "500 down", "Does not answer", "Is tried again"):
        assert said in text


@pytest.mark.parametrize("name", ["endpoint", "change_endpoint", "endpoint_secret"])
def test_lets_nobody_in_who_may_not_say_where_events_go(cleo_client, name):
    endpoint, _secret = make_endpoint(URL)

    assert one(cleo_client, name, endpoint).status_code == 404
