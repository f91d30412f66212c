from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import override_settings

from advocacy_platform import privacy
from advocates.models import User
from brand.models import Message
from customers.models import Person, PrivacyRequest
from integrations.models import Delivery, Rejection
from spine import clock
from tests.factories import NOON, make_user
from tests.integrations.signing import make_connection

MOMENT = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def days(db):
    """Days that no default has."""
    with override_settings(
        RETENTION_DAYS={"mail": 20, "clicks": 400, "exports": 5, "raw_bodies": 1, "backups": 1, "unconfirmed": 9}
    ):
        yield


@pytest.mark.parametrize("state", ["sent", "suppressed", "bounced"])
def test_forgets_mail_past_its_days(state):
    kept = NOON - timedelta(days=20)
    for key, at in (("old", kept - MOMENT), ("new", kept)):
        Message.objects.create(key=key, to="b@example.com", subject="s", text="t", created_at=at, state=state)

    assert privacy.purge(NOON) == 1

    assert Message.objects.get().key == "new"


def test_keeps_mail_that_still_waits():
    old = NOON - timedelta(days=200)
    Message.objects.create(key="k", to="b@example.com", subject="s", text="t", created_at=old, due_at=NOON)

    assert privacy.purge(NOON) == 0

    assert Message.objects.exists()


def test_empties_an_export_past_its_days():
    kept = NOON - timedelta(days=5)
    old, new = (
        PrivacyRequest.objects.create(
            person=Person.objects.create(), kind="export", asked_at=at, done_at=at, answer={"a": 1}
        )
        for at in (kept - MOMENT, kept)
    )

    assert privacy.purge(NOON) == 1

    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.answer, new.answer) == (None, {"a": 1})
    assert privacy.purge(NOON) == 0


def test_forgets_where_somebody_signed_in_once_the_session_is_over():
    user = make_user()
    Session.objects.create(session_key="standing", session_data="", expire_date=clock.now() + timedelta(days=1))
    for key in ("standing", "over"):
        UserSession.objects.create(user=user, session_key=key, ip="203.0.113.7", user_agent="Browser")

    assert privacy.purge(NOON) == 1

    assert UserSession.objects.get().session_key == "standing"


def test_takes_a_batch_at_a_time(monkeypatch):
    monkeypatch.setattr("spine.privacy.BATCH", 2)
    old = NOON - timedelta(days=21)
    for key in "abc":
        Message.objects.create(key=key, to="b@example.com", subject="s", text="t", created_at=old, state="sent")

    assert [privacy.purge(NOON), privacy.purge(NOON), privacy.purge(NOON)] == [2, 1, 0]


def test_erases_sign_ups_that_nobody_confirmed():
    kept = NOON - timedelta(days=9)
    old, new, confirmed, staff = (make_user(f"{name}@example.com") for name in ("old", "new", "confirmed", "staff"))
    for user, joined_at in ((old, kept - MOMENT), (new, kept), (confirmed, kept - MOMENT), (staff, kept - MOMENT)):
        User.objects.filter(pk=user.pk).update(joined_at=joined_at, is_staff=user == staff)
    EmailAddress.objects.exclude(user=confirmed).update(verified=False)

    assert (privacy.purge(NOON), privacy.purge(NOON)) == (1, 0)
    privacy.run_due(NOON)

    assert sorted(User.objects.values_list("email", flat=True)) == [
        "confirmed@example.com",
        "new@example.com",
        "staff@example.com",
    ]
    assert Person.objects.count() == 4


def test_forgets_what_shops_delivered_past_its_days():
    kept = NOON - timedelta(days=1)
    connection, _secret = make_connection("generic")
    for key, at in (("old", kept - MOMENT), ("new", kept)):
        Delivery.objects.create(connection=connection, key=key, body=b"{}", received_at=at)
    for day in (kept - timedelta(days=1), kept):
        Rejection.objects.create(connection=connection, day=day.date(), reason="unsigned", first_at=day, last_at=day)

    assert privacy.purge(NOON) == 2

    assert Delivery.objects.get().key == "new"
    assert Rejection.objects.get().day == kept.date()
