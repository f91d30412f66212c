import pytest
from django.urls import reverse

from advocates import profiles
from tests.factories import make_advocate, make_user
from tests.pictures import encoded, sent

PROFILE = reverse("profile")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """A folder of the test's own for what is uploaded."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def filled(**changes):
    return {
        "display_name": "Cleo Marsh",
        "username": "cleo-m",
        "bio": "I bake.",
        "company": "Marsh & Sons",
        "job_title": "Baker",
        "country": "PT",
        "locale": "en",
        "time_zone": "Europe/Lisbon",
        "is_named_to_friends": True,
        **changes,
    }


def test_changes_everything_that_one_shows(cleo_client, cleo):
    answer = cleo_client.post(PROFILE, filled())

    assert (answer.status_code, answer.url) == (302, PROFILE)
    cleo.refresh_from_db()
    assert {name: getattr(cleo, name) for name in profiles.FIELDS} == filled()


def test_folds_a_username(cleo_client, cleo):
    cleo_client.post(PROFILE, filled(username="Cleo-M"))

    cleo.refresh_from_db()
    assert cleo.username == "cleo-m"


def test_refuses_a_username_that_somebody_has(cleo_client, cleo):
    make_advocate("ben")

    answer = cleo_client.post(PROFILE, filled(username="Ben"))

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"username": ["Somebody else has this username. Choose another."]}
    cleo.refresh_from_db()
    assert (cleo.username, cleo.bio) == ("cleo", "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", ""),
        ("display_name", "x" * 61),
        ("display_name", "Cl\0eo"),
        ("username", ""),
        ("username", "-cleo"),
        ("username", "cleo\n"[:-1] + "!"),
        ("username", "cl\u0435o"),
        ("username", "x" * 31),
        ("bio", "x" * 501),
        ("bio", "\0"),
        ("company", "x" * 81),
        ("job_title", "x" * 81),
        ("country", "XX"),
        ("country", "pt"),
        ("country", "EU"),
        ("locale", "tlh"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", ""),
    ],
)
def test_refuses_what_a_field_cannot_hold(cleo_client, cleo, field, value):
    answer = cleo_client.post(PROFILE, filled(**{field: value}))

    assert answer.status_code in {400, 422}
    if answer.status_code == 422:
        assert field in answer.context["form"].errors
    cleo.refresh_from_db()
    assert (cleo.username, cleo.display_name, cleo.time_zone) == ("cleo", "Cleo", "UTC")


def test_survives_bytes_that_are_no_text(cleo_client, cleo):
    answer = cleo_client.post(
        PROFILE,
        b"display_name=%ED%A0%80&username=cleo&time_zone=UTC",
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code in {302, 400, 422}


def test_shows_a_picture_and_removes_the_one_before(cleo_client, cleo, folder, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        cleo_client.post(reverse("change_picture"), {"picture": sent(encoded((900, 600)))})
    cleo.refresh_from_db()
    first = cleo.avatar.name
    with django_capture_on_commit_callbacks(execute=True):
        cleo_client.post(reverse("change_picture"), {"picture": sent(encoded((90, 90)))})
    cleo.refresh_from_db()

    assert (cleo.avatar.width, cleo.avatar.height) == (90, 90)
    assert cleo.avatar.name != first
    assert [path.name for path in (folder / "avatars").iterdir()] == [cleo.avatar.name.partition("/")[2]]


def test_removes_a_picture(cleo_client, cleo, folder, django_capture_on_commit_callbacks):
    cleo_client.post(reverse("change_picture"), {"picture": sent(encoded())})
    with django_capture_on_commit_callbacks(execute=True):
        cleo_client.post(reverse("remove_picture"))

    cleo.refresh_from_db()
    assert not cleo.avatar
    assert list((folder / "avatars").iterdir()) == []


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (sent(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "me.svg", "image/svg+xml"), "can't be read as a picture"),
        (sent(encoded()[:60]), "can't be read as a picture"),
        (sent(b"x" * (10 * 1024 * 1024 + 1)), "too large"),
        (None, "Choose a picture first."),
    ],
    ids=["svg", "cut", "large", "none"],
)
def test_says_what_is_wrong_with_a_picture(cleo_client, cleo, folder, file, told):
    answer = cleo_client.post(reverse("change_picture"), {"picture": file} if file else {})

    assert answer.status_code == 422
    assert told in answer.context["picture_form"].errors["picture"][0]
    cleo.refresh_from_db()
    assert not cleo.avatar
    assert list(folder.iterdir()) == []


def test_lets_staff_who_are_no_advocates_know_that_there_is_no_profile(client, db):
    client.force_login(make_user())

    assert client.get(PROFILE).status_code == 404


def test_changes_only_what_is_for_its_owner(cleo):
    with pytest.raises(TypeError):
        profiles.change(cleo, joined_at=None)
