import pytest

from advocates import profiles
from tests.factories import make_advocate

ME = "/api/v1/me"


def patch(client, data):
    return client.patch(ME, data, content_type="application/json")


def test_tells_ones_own_profile(cleo_client, cleo):
    answer = cleo_client.get(ME)

    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(cleo.person.pk),
        "email": "cleo@example.com",
        "avatar": None,
        "joined_at": "2026-11-21T12:00:00Z",
        "display_name": "Cleo",
        "username": "cleo",
        "bio": "",
        "company": "",
        "job_title": "",
        "country": "",
        "locale": "",
        "time_zone": "UTC",
        "is_named_to_friends": False,
    }


def test_changes_what_it_is_told(cleo_client, cleo):
    answer = patch(cleo_client, {"display_name": "Cleo Marsh", "time_zone": "Europe/Lisbon"})

    assert answer.status_code == 200
    cleo.refresh_from_db()
    assert (cleo.display_name, cleo.time_zone, cleo.username) == ("Cleo Marsh", "Europe/Lisbon", "cleo")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "new@example.com"}, "email"),
        ({"is_staff": True}, "is_staff"),
        ({"display_name": ""}, "display_name"),
        ({"display_name": "x" * 61}, "display_name"),
        ({"username": "Cleo M"}, "username"),
        ({"country": "XX"}, "country"),
        ({"locale": "tlh"}, "locale"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_refuses_by_name_what_cannot_be(cleo_client, cleo, change, field):
    answer = patch(cleo_client, change)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    before = {name: getattr(cleo, name) for name in profiles.FIELDS}
    cleo.refresh_from_db()
    assert {name: getattr(cleo, name) for name in profiles.FIELDS} == before


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_refuses_what_is_no_text(cleo_client, cleo, text):
    answer = patch(cleo_client, {"display_name": f"Cleo{text}"})

    assert answer.status_code == 400
    cleo.refresh_from_db()
    assert cleo.display_name == "Cleo"


def test_refuses_a_username_that_somebody_has(cleo_client, cleo):
    make_advocate("ben")

    answer = patch(cleo_client, {"username": "ben"})

    assert answer.status_code == 409
    assert answer.json()["code"] == "username_taken"
    cleo.refresh_from_db()
    assert cleo.username == "cleo"


def test_is_for_the_signed_in(client, db):
    assert client.get(ME).status_code == 401
