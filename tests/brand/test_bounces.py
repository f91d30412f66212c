import base64

import pytest
from anymail.signals import AnymailTrackingEvent

from brand import bounces, mail
from brand.models import Message, Suppression
from spine.models import Event
from tests.factories import NOON

SECRET = "post:mark"
pytestmark = [pytest.mark.urls("tests.brand.webhook_urls"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def webhook(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


@pytest.fixture
def message():
    written = mail.enqueue(key="1", to="ben@example.com", subject="Hi", template="test", context={}, at=NOON)
    Message.objects.update(state="sent", due_at=None, sent_at=NOON, provider_id="pm-1")
    return written


def tell(client, secret=SECRET, **fields):
    """Postmark's notice of one bounce (https://postmarkapp.com/developer/webhooks/bounce-webhook)."""
    notice = {
        "RecordType": "Bounce",
        "ID": 42,
        "Type": "HardBounce",
        "TypeCode": 1,
        "MessageID": "pm-1",
        "Email": "Ben@example.com",
        "BouncedAt": "2026-11-21T12:00:00Z",
        **fields,
    }
    credentials = base64.b64encode(secret.encode()).decode()
    return client.post(
        "/webhooks/mail/postmark/tracking/",
        notice,
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Basic {credentials}",
    )


def test_stops_writing_to_an_address_that_bounced(client, message):
    response = tell(client)

    message.refresh_from_db()
    assert (response.status_code, message.state) == (200, "bounced")
    assert list(Suppression.objects.values_list("masked", "reason")) == [("b•••@example.com", "bounce")]
    assert Event.objects.get(name="message.bounced").subject_id == str(message.pk)


def test_takes_the_same_notice_once(client, message):
    answers = [tell(client).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert Suppression.objects.count() == 1
    assert sorted(Event.objects.values_list("name", flat=True)) == ["address.suppressed", "message.bounced"]


def test_stops_writing_to_who_reported_spam(client, message):
    tell(client, RecordType="SpamComplaint", Type="SpamComplaint", TypeCode=512)

    message.refresh_from_db()
    assert message.state == "sent"
    assert list(Suppression.objects.values_list("reason", flat=True)) == ["complaint"]


def test_goes_on_writing_to_an_address_that_was_only_busy(client, message):
    tell(client, Type="Transient", TypeCode=2)

    message.refresh_from_db()
    assert (message.state, Suppression.objects.count()) == ("sent", 0)


def test_says_that_a_rejected_message_did_not_arrive_and_blames_no_address(message):
    rejected = AnymailTrackingEvent(event_type="rejected", recipient="ben@example.com", message_id="pm-1")

    bounces.take(rejected)

    message.refresh_from_db()
    assert (message.state, Suppression.objects.count()) == ("bounced", 0)


def test_remembers_a_bounce_of_a_message_that_it_does_not_know(client):
    response = tell(client, MessageID="pm-unknown")

    assert response.status_code == 200
    assert list(Suppression.objects.values_list("reason", flat=True)) == ["bounce"]


@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailInsecureWebhookWarning")
def test_refuses_a_notice_without_the_secret(client, message):
    response = tell(client, secret="dan:guess")

    message.refresh_from_db()
    assert (response.status_code, message.state, Suppression.objects.count()) == (400, "sent", 0)
