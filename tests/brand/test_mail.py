from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from brand import mail, suppression
from brand.models import Brand, Message, Suppression
from spine.models import Event
from tests.brand.smtp import DROP
from tests.factories import NOON

LATER = NOON + timedelta(seconds=30)


def write(key="welcome:1", to="ben@example.com", **fields):
    defaults = {"subject": "Mail works", "template": "test", "context": {"url": "https://x.example/?a=1&b=2"}}
    return mail.enqueue(key=key, to=to, at=NOON, **{**defaults, **fields})


def only():
    return Message.objects.get()


def test_writes_a_message_once_for_its_key(db):
    first = write()
    second = write(subject="Another")

    assert (first.key, second) == ("welcome:1", None)
    assert list(Message.objects.values_list("subject", "state", "due_at")) == [("Mail works", "queued", NOON)]


def test_forgets_a_message_whose_act_was_undone(transactional_db):
    with transaction.atomic():
        write()
        transaction.set_rollback(True)

    assert not Message.objects.exists()


def test_says_the_same_in_text_and_in_html_with_the_brands_words(db):
    Brand(pk=1, name="O'Brien & Söhne", postal_address="Main Street 1", support_address="help@obrien.example").save()

    message = write()

    assert "O'Brien & Söhne can write to its people" in message.text
    assert "https://x.example/?a=1&b=2" in message.text
    assert "O'Brien &amp; Söhne can write to its people" in message.html
    assert all(
        word in form for word in ("Main Street 1", "help@obrien.example") for form in (message.text, message.html)
    )


def test_writes_its_styles_into_the_elements_of_the_html(db):
    html = write().html

    assert '<a class="button" href="https://x.example/?a=1&amp;b=2" style="color: #ffffff;' in html
    assert "prefers-color-scheme: dark" in html


def test_writes_text_alone_where_a_template_has_no_html(db, settings, tmp_path):
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "plain.txt").write_text("{{ brand.name }} <3 {{ friend }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]

    message = write(template="plain", context={"friend": "Dan & Co"})

    assert (message.text, message.html) == ("Your brand <3 Dan & Co\n", "")


@pytest.mark.parametrize(
    "subject", ["Hi\r\nBcc: dan@example.com", "Hi\nBcc: dan@example.com", "Hi\u2028Bcc: dan@example.com"]
)
def test_folds_a_subject_that_tries_to_add_a_header(db, mail_server, subject):
    write(subject=subject)

    mail.send_due(LATER)

    assert mail_server.received[0]["Subject"] == "Hi Bcc: dan@example.com"
    assert mail_server.received[0]["Bcc"] is None


def test_refuses_an_address_that_tries_to_add_a_header(db):
    with pytest.raises(ValidationError):
        write(to="ben@example.com\nBcc: dan@example.com")

    assert not Message.objects.exists()


def test_sends_what_is_due_in_the_brands_name(db, mail_server):
    Brand(
        pk=1, name="Söhne", sender_name="Anna, from Söhne", sender_address="a@s.example", support_address="h@s.example"
    ).save()
    write()

    taken = mail.send_due(LATER)

    [got] = mail_server.received
    assert taken == 1
    assert (only().state, only().sent_at, only().due_at, only().attempts) == ("sent", LATER, None, 0)
    assert (got["From"], got["To"], got["Reply-To"]) == (
        '"Anna, from Söhne" <a@s.example>',
        "ben@example.com",
        "h@s.example",
    )
    assert parsedate_to_datetime(got["Date"]) == NOON
    assert (got["List-Unsubscribe"], got.get_content_type()) == (None, "multipart/alternative")


def test_sends_nothing_twice(db, mail_server):
    write()
    mail.send_due(LATER)

    taken = mail.send_due(LATER + timedelta(hours=1))

    assert (taken, len(mail_server.received)) == (0, 1)


def test_uses_one_connection_for_a_batch(db, mail_server):
    for number in range(5):
        write(key=str(number))

    mail.send_due(LATER)

    assert (mail_server.sessions, len(mail_server.received)) == (1, 5)


def test_honours_a_suppression_that_came_after_the_message(db, mail_server):
    write()
    suppression.suppress("Ben@Example.com", Suppression.Reason.BOUNCE, at=NOON, actor=("system", "mail"))

    mail.send_due(LATER)

    assert (only().state, only().sent_at, only().due_at, mail_server.received) == ("suppressed", None, None, [])


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "553 bad mailbox", "550 no"])
def test_stops_writing_to_an_address_that_the_mail_server_refuses_for_good(db, mail_server, answer):
    mail_server.answers["RCPT TO:<ben"] = answer
    write()

    mail.send_due(LATER)

    assert (only().state, only().due_at, mail_server.received) == ("bounced", None, [])
    assert list(Suppression.objects.values_list("masked", "reason")) == [("b•••@example.com", "bounce")]
    event = Event.objects.get(name="message.bounced")
    assert (event.subject_id, event.payload) == (str(only().pk), {})


@pytest.mark.parametrize("answer", ["554 5.7.1 relay access denied", "530 5.7.0 sign in first", "450 4.2.1 try later"])
def test_tries_again_when_a_refusal_is_not_about_the_address(db, mail_server, answer):
    mail_server.answers["RCPT"] = answer
    write()

    mail.send_due(LATER)

    assert (only().state, only().attempts, Suppression.objects.count()) == ("queued", 1, 0)
    assert only().due_at > LATER


def test_sends_later_what_a_mail_server_would_not_take_now(db, mail_server):
    mail_server.answers["MAIL"] = "451 busy"
    write()
    mail.send_due(LATER)
    waiting = only().state
    mail_server.answers.clear()

    mail.send_due(LATER + timedelta(seconds=10))

    assert (waiting, only().state, len(mail_server.received)) == ("queued", "sent", 1)


def test_one_refused_address_stops_no_other(db, mail_server):
    mail_server.answers["RCPT TO:<ben"] = "550 5.1.1 no such user"
    write(key="1")
    write(key="2", to="cleo@example.com")

    mail.send_due(LATER)

    assert list(Message.objects.order_by("key").values_list("state", flat=True)) == ["bounced", "sent"]
    assert [got["To"] for got in mail_server.received] == ["cleo@example.com"]


def test_asks_an_unreachable_mail_server_once_a_batch(db, mail_server):
    mail_server.answers["CONNECT"] = DROP
    for number in range(5):
        write(key=str(number))

    mail.send_due(LATER)

    assert mail_server.sessions == 1
    assert list(Message.objects.values_list("state", "attempts")) == [("queued", 1)] * 5


def test_repeats_an_unknown_outcome_under_the_same_message_id(db, mail_server):
    mail_server.answers["END"] = DROP
    write()
    mail.send_due(LATER)
    mail_server.answers.clear()

    mail.send_due(LATER + timedelta(seconds=10))

    first, second = mail_server.received
    assert only().state == "sent"
    assert first["Message-ID"] == second["Message-ID"] == mail.message_id("welcome:1")


def test_leaves_a_message_that_never_goes_out_to_a_person(db, mail_server):
    mail_server.answers["END"] = "554 5.6.0 what is this"
    write()
    at = NOON

    for _ in range(Message.max_attempts):
        at += timedelta(hours=3)
        mail.send_due(at)

    assert (only().state, only().due_at, only().dead_at) == ("queued", None, at)
    assert only().error.startswith("SMTPDataError: (554")


def test_offers_one_click_unsubscribe_on_what_nobody_asked_for(db, mail_server):
    write(transactional=False)

    mail.send_due(LATER)

    [got] = mail_server.received
    url = got["List-Unsubscribe"].strip(" <>")
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in only().text
    assert url in only().html
    assert "ben" not in url


def test_unsubscribes_by_a_post_without_cookies(db, client):
    url = unsubscribe_path(write(transactional=False))
    browser = Client(enforce_csrf_checks=True)

    answers = [browser.post(url, {"List-Unsubscribe": "One-Click"}).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert list(Suppression.objects.values_list("masked", "reason")) == [("b•••@example.com", "unsubscribed")]


def test_only_shows_a_page_when_the_link_is_opened(db, client):
    response = client.get(unsubscribe_path(write(transactional=False)))

    assert response.status_code == 200
    assert "b•••@example.com" in response.content.decode()
    assert not Suppression.objects.exists()


def test_answers_404_to_a_link_that_was_changed(db, client):
    url = unsubscribe_path(write(transactional=False))

    response = client.post(url.replace("/unsubscribe/", "/unsubscribe/x"))

    assert response.status_code == 404
    assert "Open it again from the email itself." in response.text
    assert not Suppression.objects.exists()


def test_still_sends_what_was_asked_for_to_who_unsubscribed(db, client, mail_server):
    client.post(unsubscribe_path(write(key="offer", transactional=False)))
    write(key="code")

    mail.send_due(LATER)

    assert dict(Message.objects.values_list("key", "state")) == {"offer": "suppressed", "code": "sent"}


def unsubscribe_path(message):
    return message.headers["List-Unsubscribe"].strip("<>").removeprefix("http://localhost:8000")


def test_writes_a_test_message_to_whoever_asks(ada_client):
    response = ada_client.post(reverse("brand:send_test"))

    assert (response.status_code, response.url) == (302, reverse("brand:mail_setup"))
    assert (only().to, only().state) == ("ada@example.com", "queued")


def test_refuses_a_sixth_test_message_within_ten_minutes(ada_client):
    for _ in range(6):
        last = ada_client.post(reverse("brand:send_test"))

    assert last.status_code == 429
    assert Message.objects.count() == 5


def test_lists_messages_without_their_addresses(ada_client, mail_server):
    write(to="benedict@example.com", subject="A welcome")
    mail_server.answers["RCPT"] = "550 5.1.1 no such user"
    mail.send_due(LATER)

    page = ada_client.get(reverse("brand:mail_setup")).content.decode()

    assert "A welcome" in page
    assert "b•••@example.com" in page
    assert "Bounced" in page
    assert "benedict" not in page


@pytest.mark.parametrize(
    ("setup", "sentence"),
    [
        ({"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}, "Nothing leaves this machine"),
        (
            {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_HOST": "m.example",
                "EMAIL_PORT": 25,
            },
            "by SMTP through m.example:25, readable by",
        ),
        (
            {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_HOST": "m.example",
                "EMAIL_PORT": 587,
                "EMAIL_USE_TLS": True,
            },
            "by SMTP through m.example:587, encrypted",
        ),
        ({"EMAIL_BACKEND": "anymail.backends.amazon_ses.EmailBackend"}, "by the API of Amazon Ses"),
    ],
)
def test_says_in_words_what_carries_mail(ada_client, settings, setup, sentence):
    for name, value in setup.items():
        setattr(settings, name, value)

    page = ada_client.get(reverse("brand:mail_setup")).content.decode()

    assert sentence in page


def test_asks_the_database_no_more_for_more_messages(ada_client):
    def load():
        with CaptureQueriesContext(connection) as queries:
            ada_client.get(reverse("brand:mail_setup"))
        return len(queries)

    write(key="1")
    load()
    few = load()
    for number in range(2, 20):
        write(key=str(number))

    assert load() == few


def test_hides_mail_from_an_outsider(dan_client):
    answers = [dan_client.get(reverse("brand:mail_setup")), dan_client.post(reverse("brand:send_test"))]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert not Message.objects.exists()


def test_tries_the_others_when_a_mail_server_hangs_up_on_one(db, mail_server):
    mail_server.answers["RCPT TO:<ben"] = DROP
    write(key="1")
    write(key="2", to="cleo@example.com")

    mail.send_due(LATER)

    assert list(Message.objects.order_by("key").values_list("state", flat=True)) == ["queued", "sent"]


def test_knows_an_address_in_another_alphabet_that_the_mail_server_refuses(db, mail_server):
    mail_server.answers["RCPT"] = "550 5.1.1 no such user"
    write(to="ben@münchen.example")

    mail.send_due(LATER)

    assert only().state == "bounced"


def test_sends_from_an_address_in_another_alphabet(db, mail_server):
    Brand(pk=1, name="Söhne", sender_address="hallo@münchen.example").save()
    write()

    mail.send_due(LATER)

    assert mail_server.received[0]["From"] == "Söhne <hallo@xn--mnchen-3ya.example>"
