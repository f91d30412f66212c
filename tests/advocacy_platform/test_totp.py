import pytest
from django.core.management import CommandError, call_command

from advocacy_platform import demo


def test_shows_a_demo_persons_code(settings, capsys, time_machine):
    settings.DEBUG = True
    time_machine.move_to("2026-11-21T12:00:10+00:00", tick=False)
    ada = next(person for person in demo.people() if person.email == "ada@example.com")

    call_command("totp", "ada@example.com")

    assert capsys.readouterr().out.strip() == ada.totp_code


def test_knows_no_code_of_somebody_without_a_second_factor(settings):
    settings.DEBUG = True

    with pytest.raises(CommandError, match=r"ben@example\.com is not a demo person with a second factor"):
        call_command("totp", "ben@example.com")


def test_has_no_codes_on_a_live_site(settings):
    settings.DEBUG = settings.SANDBOX = False

    with pytest.raises(CommandError, match="no demo people on a live site"):
        call_command("totp", "ada@example.com")
