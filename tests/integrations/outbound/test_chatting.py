import json

import pytest
from django.urls import reverse

from integrations.models import Dispatch, Endpoint
from integrations.outbound import chatting, endpoints, sending
from spine.models import Event
from tests.factories import NOON
from tests.integrations.outbound.conftest import ACTOR, happen


def send():
    while sending.send_due(NOON):
        pass


@pytest.fixture
def chat(db, receiver):
    endpoint, _secret = endpoints.make("Team", receiver.url, [], ACTOR, NOON, is_chat=True)
    return endpoint


def test_says_what_waits_and_where(chat, receiver, settings):
    happen("order.recorded", "conversion.stopped", "reward.promised", "payout.requested")

    send()

    said = [json.loads(body) for _headers, body in receiver.came]
    assert said == [
        {"text": f"A conversion waits for somebody who looks at it. {settings.BASE_URL}/manage/review/"},
        {"text": f"Somebody asks to be paid. {settings.BASE_URL}/manage/payouts/"},
    ]
    assert not any(name.lower().startswith("webhook-") for headers, _body in receiver.came for name in headers)
    chat.refresh_from_db()
    assert chat.position == Event.objects.latest("position").position


def test_says_only_what_it_was_asked_for(chat, receiver):
    Endpoint.objects.update(names=["payout.*"])
    happen("conversion.stopped", "payout.failed", "payout.paid")

    send()

    assert [row.event.name for row in Dispatch.objects.all()] == ["payout.failed"]


def test_says_once_more_only_what_is_said(chat, receiver):
    happen("order.recorded", "payout.failed")
    send()
    last = Event.objects.latest("position").position

    assert endpoints.repeat(chat, 1, last, ACTOR, NOON) == 1


@pytest.mark.parametrize("name", chatting.SAYINGS)
def test_says_everything_in_a_sentence_with_a_page(name, settings):
    event = Event(name=name, payload={"percent": 80})

    told = json.loads(chatting.message("https://hooks.example/x", event))["text"]

    sentence, _space, address = told.rpartition(" ")
    assert sentence.endswith(".")
    assert "%" not in sentence or "80 %" in sentence
    assert address.startswith(f"{settings.BASE_URL}/manage/")


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("https://hooks.slack.com/services/T0/B0/x", "text"),
        ("https://chat.googleapis.com/v1/spaces/x", "text"),
        ("https://discord.com/api/webhooks/1/x", "content"),
        ("https://ptb.discord.com/api/webhooks/1/x", "content"),
        ("https://discord.com.evil.example/x", "text"),
    ],
)
def test_says_it_as_each_chat_takes_it(url, field):
    assert list(json.loads(chatting.message(url, Event(name="claim.filed")))) == [field]


def test_is_made_on_a_page_and_has_no_secret_to_show(ada_client):
    told = {"is_chat": "yes", "name": "Team", "url": "https://hooks.example/x", "names": ""}

    answer = ada_client.post(reverse("integrations:add_endpoint"), told, follow=True)

    endpoint = Endpoint.objects.get()
    assert (endpoint.is_chat, endpoint.name) == (True, "Team")
    text = answer.content.decode()
    assert "What waits for somebody" in text
    assert "Another secret" not in text
