import uuid
from datetime import timedelta

import pytest
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.test import Client, RequestFactory
from django.urls import reverse

from advocates.models import Advocate, User
from customers.told import CustomerFact, LineFact, OrderFact
from referrals import intake
from referrals.decide import attribution
from referrals.models import Conversion, Touch
from referrals.touches import Told
from referrals.visits import cookie, tokens
from referrals.visits.tokens import Token
from spine import clock
from tests.advocates.letters import newest_code
from tests.advocates.test_social import KEYS
from tests.factories import PASSWORD, make_link, make_program, make_source

EMAIL = "cleo@example.com"


@pytest.fixture
def link(ben):
    make_source("shop")
    return make_link(make_program(), ben, "BEN42")


@pytest.fixture
def friend(link):
    """A browser that followed Ben's link an hour ago."""
    client = Client()
    client.cookies[cookie.NAME] = tokens.sign(Token(link.pk, uuid.uuid4(), clock.now() - timedelta(hours=1)))
    return client


def filled(client, url, **fields):
    """What the sign-up form at `url` would send, with every box ticked that it has."""
    form = client.get(url).context["form"]
    hidden = {name: form[name].value() for name in form.fields if form.fields[name].widget.is_hidden}
    return {**hidden, "name": "Cleo", "email": EMAIL, "password1": PASSWORD, "agreement": "on", **fields}


def order(email=EMAIL):
    """An order by which the shop tells of nobody but the email."""
    at = clock.now()
    fact = OrderFact("shop", "1001", "USD", at, (LineFact("1", "goods", 5000),), customer=CustomerFact("c-1", email))
    intake.take_order(fact, Told(), at)
    attribution.decide_due(at)


def credited():
    return [(each.state, each.credited_person_id, each.referred_person_id) for each in Conversion.objects.all()]


def confirm(client, answer):
    """Type the code that was mailed."""
    client.post(answer.url, {"code": newest_code(EMAIL)})
    assert "_auth_user_id" in client.session


def test_credits_a_friend_whose_sign_up_failed_first(friend, ben):
    url = reverse("account_signup")

    refused = friend.post(url, filled(friend, url, email="not an email"))
    assert refused.context["form"].errors
    assert not Touch.objects.exists()
    confirm(friend, friend.post(url, filled(friend, url)))
    order()

    assert credited() == [("credited", ben.person_id, Advocate.objects.get(user__email=EMAIL).person_id)]
    assert Touch.objects.count() == 1


def test_credits_a_friend_who_signs_up_by_a_social_login(friend, ben, settings):
    settings.SOCIALACCOUNT_PROVIDERS = KEYS
    friend.get(reverse("account_login"))
    login = SocialLogin(
        user=User(email=EMAIL),
        account=SocialAccount(provider="github", uid="1", extra_data={"name": "Cleo Marsh"}),
        provider=get_adapter().get_provider(RequestFactory().get("/"), "github"),
    )
    session = friend.session
    session["socialaccount_sociallogin"] = login.serialize()
    session.save()
    url = reverse("socialaccount_signup")

    confirm(friend, friend.post(url, filled(friend, url)))
    order()

    assert credited() == [("credited", ben.person_id, Advocate.objects.get(user__email=EMAIL).person_id)]


def test_credits_a_friend_whose_session_key_changes(friend, ben):
    url = reverse("account_signup")
    form = filled(friend, url)
    before = friend.session.session_key
    friend.session.cycle_key()

    confirm(friend, friend.post(url, form))
    friend.logout()
    order()

    assert friend.session.session_key != before
    assert credited() == [("credited", ben.person_id, Advocate.objects.get(user__email=EMAIL).person_id)]


@pytest.mark.parametrize("value", ["", "a:b:c", "x" * 9000, "%00"])
def test_joins_with_a_cookie_that_proves_nothing(link, value):
    client, url = Client(), reverse("account_signup")
    client.cookies[cookie.NAME] = value

    confirm(client, client.post(url, filled(client, url)))

    assert not Touch.objects.exists()


def test_credits_nobody_for_themselves_who_joins_with_a_visit_of_their_own(friend, ben):
    url = reverse("account_signup")
    confirm(friend, friend.post(url, filled(friend, url)))
    order("ben@example.com")

    assert credited() == []
