"""The pages that are made of several rooms, and those that say what went wrong."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.template.loader import render_to_string
from django.test import override_settings
from django.urls import reverse

from advocacy_platform.schedule import SWEEPS
from brand.models import Brand
from referrals.decide import outcomes
from referrals.design import acceptance
from tests.conftest import sign_in
from tests.factories import NOON, make_conversion, make_link, make_program

INLINE = re.compile(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)(?![^>]*application/json)")
ERRORS = ["400.html", "403.html", "404.html", "429.html", "500.html"]


@pytest.mark.django_db
def test_greets_visitors_in_the_words_of_the_brand(client):
    Brand(pk=1, name="Ahorn & Co", headline="Syrup from the next village.").save()

    page = client.get(reverse("landing"))

    assert page.status_code == 200
    assert "Syrup from the next village." in page.text
    assert "Ahorn &amp; Co" in page.text
    assert f'href="{reverse("account_signup")}"' in page.text


def test_asks_for_a_profile_first(cleo_client):
    page = cleo_client.get(reverse("home"))

    assert page.status_code == 200
    assert "Hello, Cleo" in page.text
    assert page.context["next_step"].url == reverse("profile")


def test_asks_for_a_passkey_next(cleo):
    cleo.bio = "I bake."
    cleo.save()

    assert sign_in(cleo).get(reverse("home")).context["next_step"].url == reverse("mfa_add_webauthn")


def test_asks_for_nothing_once_all_is_done(cleo):
    cleo.bio = "I bake."
    cleo.save()
    Authenticator.objects.create(user=cleo.user, type=Authenticator.Type.WEBAUTHN, data={"name": "Phone"})

    assert sign_in(cleo).get(reverse("home")).context["next_step"] is None


@pytest.mark.django_db
def test_sends_strangers_from_home_to_the_door(client):
    assert client.get(reverse("home")).url == f"{reverse('account_login')}?next={reverse('home')}"


@pytest.mark.django_db
def test_shows_every_component_to_those_who_build(client):
    assert client.get(reverse("patterns")).status_code == 200


@pytest.mark.django_db
@override_settings(SHOW_PATTERNS=False)
def test_hides_the_components_from_visitors(client):
    assert client.get(reverse("patterns")).status_code == 404


@pytest.mark.django_db
def test_says_that_there_is_nothing_here(client):
    page = client.get("/no/such/page/")

    assert page.status_code == 404
    assert "There is nothing here" in page.text
    assert 'href="/"' in page.text


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["landing", "patterns", "account_login", "account_signup"])
def test_needs_no_style_or_script_of_its_own(client, name):
    assert INLINE.findall(client.get(reverse(name)).text) == []


def test_needs_none_at_home_either(cleo_client):
    assert INLINE.findall(cleo_client.get(reverse("home")).text) == []


@pytest.mark.django_db
@pytest.mark.parametrize("template", ERRORS)
def test_draws_an_error_without_any_context(template):
    page = render_to_string(template)

    assert template.removesuffix(".html") in page
    assert INLINE.findall(page) == []


def test_says_that_it_broke_without_asking_the_database():
    assert "Something broke on our side" in render_to_string("500.html")


@pytest.mark.parametrize("friends", [1, 6])
def test_keeps_an_advocates_home_to_its_budget_of_queries(cleo, friends, django_assert_max_num_queries):
    program = make_program()
    make_link(program, cleo)
    acceptance.accept(cleo.person, program.terms.get(), NOON)
    for _number in range(friends):
        outcomes.record(make_conversion(program, credited=cleo.person), ("undecided", 0), NOON)
    for sweep in ("events.number", "referrals.story"):
        SWEEPS[sweep].run()
    client = sign_in(cleo)

    with django_assert_max_num_queries(12):
        page = client.get("/home/")

    assert page.text.count("story__entry--credited") == min(friends, 5)
