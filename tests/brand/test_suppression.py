from threading import Thread

import pytest
from django.db import connection
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from brand import suppression
from brand.models import Suppression
from spine.models import AuditEntry, Event
from tests.factories import NOON

STAFF = ("user", "u1")
addresses = st.builds("{}@{}".format, st.text(min_size=1), st.text(min_size=1)) | st.emails()


@given(addresses)
def test_folds_a_folded_address_to_itself(address):
    folded = suppression.fold(address)

    assert suppression.fold(folded) == folded


@given(st.emails())
def test_folds_every_spelling_of_a_case_alike(address):
    assert suppression.fold(address.upper()) == suppression.fold(address.lower()) == suppression.fold(f" {address}\n")


@given(st.emails())
def test_masks_all_of_a_mailbox_but_its_first_letter(address):
    local = suppression.fold(address).rpartition("@")[0]

    masked = suppression.mask(address)

    assert masked.rpartition("@")[0] == f"{local[0]}•••"
    assert len(masked) <= 120


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ben@Example.COM", "ben@example.com", True),
        ("ben@MÜNCHEN.example", "ben@xn--mnchen-3ya.example", True),
        ("\uff42\uff45\uff4e@example.com", "ben@example.com", True),
        ("STRASSE@example.com", "straße@example.com", True),
        ("ben+1@example.com", "ben@example.com", False),
        ("b.en@example.com", "ben@example.com", False),
    ],
)
def test_tells_one_mailbox_from_another(one, other, same):
    assert (suppression.address_hash(one) == suppression.address_hash(other)) is same


def test_keeps_no_address(db):
    suppression.suppress("Ben@example.com", "manual", at=NOON, actor=STAFF)

    [row] = Suppression.objects.values("address_hash", "masked")
    assert row == {"address_hash": suppression.address_hash("ben@example.com"), "masked": "b•••@example.com"}
    assert len(row["address_hash"]) == 64


def test_suppresses_once_a_reason(db):
    added = [
        suppression.suppress("ben@example.com", reason, at=NOON, actor=STAFF)
        for reason in ("bounce", "bounce", "unsubscribed")
    ]

    assert [row is not None for row in added] == [True, False, True]
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["address.suppressed"] * 2
    assert set(Event.objects.values_list("name", "payload__reason")) == {
        ("address.suppressed", "bounce"),
        ("address.suppressed", "unsubscribed"),
    }


@pytest.mark.parametrize(
    ("reason", "asked_for", "not_asked_for"),
    [("bounce", True, True), ("complaint", True, True), ("manual", True, True), ("unsubscribed", False, True)],
)
def test_stops_what_its_reason_stops(db, reason, asked_for, not_asked_for):
    suppression.suppress("ben@example.com", reason, at=NOON, actor=STAFF)

    assert suppression.is_suppressed("BEN@example.com", transactional=True) is asked_for
    assert suppression.is_suppressed("BEN@example.com", transactional=False) is not_asked_for
    assert suppression.is_suppressed("dan@example.com", transactional=False) is False


def test_remembers_an_unsubscribe_when_a_bounce_is_lifted(db):
    bounce = suppression.suppress("ben@example.com", "bounce", at=NOON, actor=STAFF)
    suppression.suppress("ben@example.com", "unsubscribed", at=NOON, actor=STAFF)

    suppression.lift(bounce.pk, at=NOON, actor=STAFF, words="They wrote to us")

    assert suppression.is_suppressed("ben@example.com", transactional=True) is False
    assert suppression.is_suppressed("ben@example.com", transactional=False) is True
    assert AuditEntry.objects.get(verb="address.lifted").reason.text == "They wrote to us"


def test_refuses_to_lift_twice(db):
    row = suppression.suppress("ben@example.com", "bounce", at=NOON, actor=STAFF)
    suppression.lift(row.pk, at=NOON, actor=STAFF, words="They wrote to us")

    with pytest.raises(suppression.NotSuppressed):
        suppression.lift(row.pk, at=NOON, actor=STAFF, words="Again")

    assert AuditEntry.objects.filter(verb="address.lifted").count() == 1


def test_suppresses_once_when_many_say_so_at_once(transactional_db):
    def say() -> None:
        suppression.suppress("ben@example.com", "bounce", at=NOON, actor=STAFF)
        connection.close()

    threads = [Thread(target=say) for _ in range(6)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (Suppression.objects.count(), AuditEntry.objects.count(), Event.objects.count()) == (1, 1, 1)


def test_finds_an_address_by_typing_it(ada_client):
    suppression.suppress("ben@example.com", "bounce", at=NOON, actor=STAFF)
    suppression.suppress("cleo@example.com", "manual", at=NOON, actor=STAFF)

    page = ada_client.post(reverse("brand:suppressions"), {"address": "BEN@example.com"}).content.decode()

    assert "b•••@example.com" in page
    assert "c•••@example.com" not in page


def test_says_that_an_address_is_not_on_the_list(ada_client):
    page = ada_client.post(reverse("brand:suppressions"), {"address": "ben@example.com"}).content.decode()

    assert "That address is not on the list" in page


def test_adds_an_address_with_its_reason(ada, ada_client):
    form = {"address": "ben@example.com", "words": "Asked by phone"}

    response = ada_client.post(reverse("brand:suppress"), form)

    entry = AuditEntry.objects.get(verb="address.suppressed")
    assert (response.status_code, response.url) == (302, reverse("brand:suppressions"))
    assert list(Suppression.objects.values_list("masked", "reason")) == [("b•••@example.com", "manual")]
    assert (entry.actor_id, entry.reason.text) == (str(ada.user.public_id), "Asked by phone")


@pytest.mark.parametrize("form", [{}, {"address": "ben"}, {"address": "ben@example.com", "words": ""}])
def test_adds_nothing_without_an_address_and_a_reason(ada_client, form):
    response = ada_client.post(reverse("brand:suppress"), form)

    assert response.status_code == 422
    assert not Suppression.objects.exists()


def test_lifts_with_a_reason(ada_client):
    row = suppression.suppress("ben@example.com", "bounce", at=NOON, actor=STAFF)

    response = ada_client.post(reverse("brand:lift", args=[row.pk]), {"words": "The mailbox works again"})

    assert response.status_code == 302
    assert not Suppression.objects.exists()
    assert AuditEntry.objects.get(verb="address.lifted").reason.text == "The mailbox works again"


def test_lifts_nothing_without_a_reason(ada_client):
    row = suppression.suppress("ben@example.com", "bounce", at=NOON, actor=STAFF)

    response = ada_client.post(reverse("brand:lift", args=[row.pk]), {"words": " "})

    assert response.status_code == 422
    assert Suppression.objects.filter(pk=row.pk).exists()


def test_answers_404_to_lifting_what_is_not_there(ada_client):
    answers = [
        ada_client.get(reverse("brand:lift", args=[7])),
        ada_client.post("/manage/mail/suppressions/7/lift/", {"words": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_hides_the_list_from_an_outsider(dan_client):
    row = suppression.suppress("ben@example.com", "bounce", at=NOON, actor=STAFF)

    answers = [
        dan_client.get(reverse("brand:suppressions")),
        dan_client.post(reverse("brand:suppress"), {"address": "cleo@example.com", "words": "x"}),
        dan_client.post(reverse("brand:lift", args=[row.pk]), {"words": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert Suppression.objects.get() == row
