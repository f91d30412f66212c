import pytest
from django.urls import reverse

from brand import mail
from brand.models import Message
from tests.factories import NOON


@pytest.fixture
def message(db):
    context = {"url": "https://x.example/"}
    return mail.enqueue(key="1", to="ben@example.com", subject="Hi", template="test", context=context, at=NOON)


@pytest.fixture
def in_development(settings):
    settings.DEBUG = True


def pages(message):
    return [
        reverse("dev:home"),
        reverse("dev:mail"),
        reverse("dev:message", args=[message.pk]),
        reverse("dev:message_html", args=[message.pk]),
    ]


def test_does_not_exist_on_a_live_site(ada_client, client, message, settings):
    settings.DEBUG = settings.SANDBOX = False

    answers = [browser.get(page).status_code for browser in (client, ada_client) for page in pages(message)]

    assert answers == [404] * 8


@pytest.mark.parametrize("kind", ["DEBUG", "SANDBOX"])
def test_exists_in_development_and_in_the_sandbox(client, message, settings, kind):
    setattr(settings, kind, True)

    answers = [client.get(page).status_code for page in pages(message)]

    assert answers == [200] * 4


def test_names_the_people_of_the_demo_with_the_digits_of_this_half_minute(client, db, in_development):
    page = client.get(reverse("dev:home")).content.decode()

    assert "ada@example.com" in page
    assert "coffee-for-everyone" in page


def test_lists_messages_with_the_newest_first(client, db, in_development):
    for number in range(3):
        mail.enqueue(
            key=str(number), to="ben@example.com", subject=f"No. {number}", template="test", context={}, at=NOON
        )

    page = client.get(reverse("dev:mail")).content.decode()

    assert page.index("No. 2") < page.index("No. 1") < page.index("No. 0")


def test_says_that_a_message_went_to_nobody(client, message, in_development, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    mail.send_due(NOON)

    page = client.get(reverse("dev:message", args=[message.pk])).content.decode()

    assert Message.objects.get().state == "sent"
    assert "Sent to nobody" in page


def test_shows_the_html_in_a_frame_that_can_run_nothing(client, message, in_development):
    page = client.get(reverse("dev:message", args=[message.pk]))
    html = client.get(reverse("dev:message_html", args=[message.pk]))

    assert "frame-src 'self'" in page["Content-Security-Policy"]
    assert "'unsafe-inline'" not in page["Content-Security-Policy"]
    assert html["X-Frame-Options"] == "SAMEORIGIN"
    assert set(html["Content-Security-Policy"].split("; ")) == {
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups",
    }


@pytest.mark.parametrize("path", ["/dev/mail/999999/", "/dev/mail/999999/html/", f"/dev/mail/{10**30}/"])
def test_answers_404_to_a_message_that_is_none(client, db, in_development, path):
    response = client.get(path)

    assert response.status_code == 404


def test_changes_nothing_by_being_posted_to(client, message, in_development):
    answers = [client.post(page).status_code for page in pages(message)]

    assert answers == [405] * 4
