import zoneinfo

from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone, translation

from advocates.middleware import activate_preferences
from tests.factories import make_advocate, make_user


def ask(user):
    """What a view finds: the time zone and the language."""
    seen = []
    request = RequestFactory().get("/")
    request.user = user
    response = activate_preferences(
        lambda request: (
            seen.append((timezone.get_current_timezone_name(), translation.get_language())) or HttpResponse()
        )
    )(request)
    return seen[0], response["Content-Language"]


def test_shows_instants_in_the_readers_zone(db):
    assert ask(make_advocate(time_zone="Asia/Tokyo").user) == (("Asia/Tokyo", "en"), "en")


def test_leaks_nothing_to_the_next_request(db):
    ask(make_advocate(time_zone="Asia/Tokyo").user)

    assert ask(make_user())[0] == ("UTC", "en")
    assert timezone.get_current_timezone() == zoneinfo.ZoneInfo("UTC")


def test_speaks_the_language_that_was_chosen(db, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]

    assert ask(make_advocate(locale="de").user) == (("UTC", "de"), "de")
    assert translation.get_language() == "en"


def test_falls_back_from_what_is_no_longer_on_the_list(db):
    assert ask(make_advocate(time_zone="Mars/Olympus", locale="tlh").user) == (("UTC", "en"), "en")
