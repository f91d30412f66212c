from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advocates import joining
from advocates.models import Advocate, User
from brand.models import Agreement
from referrals.design import acceptance
from referrals.models import Acceptance, Link
from spine.models import Event
from tests.advocates.letters import newest_code
from tests.conftest import sign_in
from tests.factories import LONG_AGO, NOON, PASSWORD, TERMS, make_program, make_terms

HOME = reverse("home")
SIGNUPS = ["account_signup", "account_signup_by_passkey"]
LATER = NOON + timedelta(days=1)


def fields(**changes):
    return {"name": "Cleo Marsh", "email": "new@example.com", "password1": PASSWORD, "agreement": "on", **changes}


def shown(page):
    """What the sign-up form would send of what it shows."""
    form = page.context["form"]
    return {name: form[name].value() for name in ("rules", "agreement_version") if name in form.fields}


def yes(client, terms, version=None):
    return client.post(reverse("referrals:accept", args=[terms.program.slug]), {"version": version or terms.version})


def test_needs_the_rules_of_live_programs_only(cleo):
    live = make_program()
    for state in ("draft", "scheduled", "paused", "ended"):
        make_program(state=state)

    assert acceptance.needed(cleo.person, NOON) == [live.terms.get()]


def test_gives_the_link_with_the_yes_and_keeps_one_yes(cleo):
    program = make_program()
    terms = program.terms.get()

    acceptance.accept(cleo.person, terms, NOON)
    acceptance.accept(cleo.person, terms, LATER)

    assert list(Acceptance.objects.values_list("person", "terms", "at")) == [(cleo.person_id, terms.pk, NOON)]
    assert Link.objects.get().person == cleo.person
    assert acceptance.needed(cleo.person, NOON) == []
    event = Event.objects.get(name="terms.accepted")
    assert (event.person, event.subject_id, event.payload) == (cleo.person_id, str(program.public_id), {"version": 1})


def test_takes_no_yes_to_rules_that_are_not_in_force_any_more(cleo):
    program = make_program()
    old = program.terms.get()
    new = make_terms(program, replace(TERMS, window_days=60))

    with pytest.raises(acceptance.RulesChangedMeanwhile):
        acceptance.accept(cleo.person, old, NOON)

    assert not Acceptance.objects.exists()
    assert acceptance.needed(cleo.person, NOON) == [new]


def test_asks_again_for_a_new_version_and_knows_the_one_before(cleo):
    program = make_program()
    first = program.terms.get()
    acceptance.accept(cleo.person, first, NOON)
    second = make_terms(program, replace(TERMS, window_days=60))

    ask = acceptance.asks(cleo.person, [program], NOON)[0]

    assert (ask.terms, ask.before) == (second, first)


def test_keeps_a_yes_in_the_database(cleo):
    acceptance.accept(cleo.person, make_program().terms.get(), NOON)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Acceptance.objects.update(at=LATER)


@pytest.mark.parametrize("door", SIGNUPS)
def test_shows_the_rules_beside_the_agreement_at_every_door(client, db, door):
    Agreement.objects.create(version=7, text="Be kind.", published_at=NOON)
    program = make_program("Salt & <b>pepper</b>")

    page = client.get(reverse(door))

    assert f'href="{reverse("agreement")}"' in page.text
    assert f'href="{reverse("referrals:rules_version", args=[program.slug, 1])}"' in page.text
    assert "the rules of Salt &amp; &lt;b&gt;pepper&lt;/b&gt;" in page.text


@pytest.mark.parametrize("with_agreement", [True, False])
def test_accepts_the_rules_on_joining_and_gives_the_link_at_once(client, db, with_agreement):
    if with_agreement:
        Agreement.objects.create(version=7, text="Be kind.", published_at=NOON)
    terms = make_program().terms.get()
    page = client.get(reverse("account_signup"))

    client.post(reverse("account_signup"), fields(**shown(page)))
    client.post(reverse("account_email_verification_sent"), {"code": newest_code("new@example.com")})

    advocate = Advocate.objects.get()
    assert Acceptance.objects.get().terms == terms
    assert Link.objects.get().person == advocate.person
    assert Link.objects.get().code in client.get(HOME).text


def test_needs_the_box_to_be_ticked_for_rules_alone(client, db):
    make_program()
    page = client.get(reverse("account_signup"))

    answer = client.post(reverse("account_signup"), fields(**shown(page), agreement=""))

    assert "agreement" in answer.context["form"].errors
    assert not User.objects.exists()


@pytest.mark.parametrize("opened_before_any", [True, False])
def test_shows_new_rules_that_came_out_while_somebody_typed(client, db, opened_before_any):
    if opened_before_any:
        sent = fields()
        terms = make_program().terms.get()
    else:
        program = make_program()
        sent = fields(**shown(client.get(reverse("account_signup"))))
        terms = make_terms(program, replace(TERMS, window_days=60))

    refused = client.post(reverse("account_signup"), sent)
    assert "The rules have changed just now. Read them again, then join." in refused.text
    assert not User.objects.exists()
    client.post(reverse("account_signup"), {**sent, **shown(refused)})

    assert Acceptance.objects.get().terms == terms


def test_joins_without_a_yes_to_rules_that_were_not_shown(db):
    make_program()

    joining.join(User(email="new@example.com", password="!"), display_name="Cleo", at=NOON)

    assert not Acceptance.objects.exists()


def test_asks_whoever_joined_earlier_before_the_link_is_shown(cleo, cleo_client):
    terms = make_program().terms.get()

    before = cleo_client.get(HOME)
    answer = yes(cleo_client, terms)
    after = cleo_client.get(HOME)

    assert "say yes to the rules, and your link is yours" in before.text
    assert (answer.status_code, answer.url) == (302, HOME)
    assert Link.objects.get().code in after.text
    assert "I accept" not in after.text


def test_shows_the_link_and_what_changed_when_a_new_version_is_out(cleo, cleo_client):
    program = make_program()
    yes(cleo_client, program.terms.get())
    second = make_terms(program, replace(TERMS, window_days=60))

    page = cleo_client.get(HOME)
    yes(cleo_client, second)

    assert Link.objects.get().code in page.text
    assert "The window goes from 30 to 60 days." in page.text
    assert acceptance.needed(cleo.person, NOON) == []


def test_refuses_a_yes_to_an_older_version(cleo_client):
    program = make_program()
    make_terms(program, replace(TERMS, window_days=60))

    answer = yes(cleo_client, program.terms.get(version=1))

    assert answer.status_code == 409
    assert "Read the new ones, then accept them." in answer.text
    assert not Acceptance.objects.exists()


@pytest.mark.parametrize("version", ["", "x", "0", "-1", "99", "9" * 30])
def test_knows_no_such_version_to_accept(cleo_client, version):
    program = make_program()

    answer = cleo_client.post(reverse("referrals:accept", args=[program.slug]), {"version": version})

    assert answer.status_code == 404
    assert not Acceptance.objects.exists()


def test_asks_strangers_to_sign_in_first(client, db):
    terms = make_program().terms.get()

    assert yes(client, terms).url.startswith(reverse("account_login"))
    assert client.get(reverse("referrals:accept", args=[terms.program.slug])).status_code == 405
    assert not Acceptance.objects.exists()


def test_costs_the_home_the_same_with_more_to_accept(cleo, ben, django_assert_max_num_queries):

    program = make_program()
    client = sign_in(cleo)
    client.get(HOME)
    with CaptureQueriesContext(connection) as one:
        client.get(HOME)
    for days in (40, 50, 60):
        make_terms(program, replace(TERMS, window_days=days), at=LONG_AGO)

    with django_assert_max_num_queries(len(one)):
        client.get(HOME)
