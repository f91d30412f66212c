from pathlib import Path

import allauth
import pytest
from django.test import RequestFactory

from advocates import emails
from brand.models import Message
from spine import clock
from tests.factories import NOON

ROOT = Path(allauth.__file__).parent
# Left out: what allauth sends with links where we send codes, and the frames of its letters.
UNUSED = {"account/email/password_reset_key", "account/email/base", "account/email/base_notification"}


def names_in_allauth():
    return {
        str(path.relative_to(folder)).removesuffix("_subject.txt")
        for folder in ROOT.rglob("templates")
        for path in folder.glob("*/email/*_subject.txt")
        if path.parts[-3] in {"account", "mfa", "socialaccount"}
    } - UNUSED


def test_has_words_for_every_letter_of_allauth():
    assert names_in_allauth() - set(emails.EMAILS) == set()


@pytest.mark.parametrize("name", emails.EMAILS)
def test_writes_every_letter_as_text_and_html(db, name):
    context = {
        "code": "BCDF-GHJK",
        "timestamp": NOON,
        "ip": "203.0.113.0",
        "user_agent": "Mozilla/5.0 (iPhone) CriOS/140",
        "request": RequestFactory().get("/"),
    }

    message = emails.send(name, to="cleo@example.com", context=context, at=NOON)

    assert message == Message.objects.get()
    assert message.is_transactional
    assert message.subject in message.text
    assert str(emails.EMAILS[name].text) in message.text
    assert message.html
    assert "{" not in message.text


def test_puts_a_code_on_a_line_of_its_own(db):
    message = emails.send(
        "account/email/login_code", to="cleo@example.com", context={"code": "BCDF-GHJK"}, at=clock.now()
    )

    assert "\nBCDF-GHJK\n" in message.text
    assert "BCDF" not in message.subject


def test_names_device_and_network_in_a_notice(db):
    message = emails.send(
        "account/email/password_changed",
        to="cleo@example.com",
        context={"timestamp": NOON, "ip": "203.0.113.0", "user_agent": "Mozilla/5.0 (iPhone) CriOS/140"},
        at=NOON,
    )

    assert "21 November 2026, 12:00 UTC" in message.text
    assert "Chrome on iPhone" in message.text
    assert "203.0.113.0" in message.text
