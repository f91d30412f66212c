import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.test import Client, RequestFactory
from django.urls import reverse

from advocates.adapters import SocialAccountAdapter
from advocates.models import Acceptance, Advocate, User
from brand.models import Agreement
from tests.advocates.letters import newest_code, subjects
from tests.factories import NOON, make_advocate

KEYS = {
    "google": {"APPS": [{"client_id": "g", "secret": "s"}]},
    "apple": {"APPS": [{"client_id": "a", "secret": "s", "key": "k"}]},
    "facebook": {"APPS": [{"client_id": "f", "secret": "s"}]},
    "github": {"APPS": [{"client_id": "h", "secret": "s"}]},
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "linkedin",
                "name": "LinkedIn",
                "client_id": "l",
                "secret": "s",
                "settings": {"server_url": "https://www.linkedin.com/oauth"},
            }
        ]
    },
}
NAMES = ("Google", "Apple", "Facebook", "GitHub", "LinkedIn")


@pytest.mark.parametrize("page", ["account_login", "account_signup"])
def test_shows_a_provider_when_its_keys_are_set(client, db, settings, page):
    settings.SOCIALACCOUNT_PROVIDERS = KEYS

    text = client.get(reverse(page)).text

    assert [name for name in NAMES if f"Continue with {name}" in text] == list(NAMES)


@pytest.mark.parametrize("page", ["account_login", "account_signup"])
def test_hides_a_provider_without_keys(client, db, settings, page):
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}, "github": KEYS["github"]}

    text = client.get(reverse(page)).text

    assert [name for name in NAMES if f"Continue with {name}" in text] == ["GitHub"]


@pytest.mark.parametrize("name", ["google", "apple", "facebook", "github"])
def test_has_no_door_for_a_provider_without_keys(client, db, name):
    assert client.post(reverse(f"{name}_login")).status_code == 404


@pytest.fixture
def arriving(settings, db):
    """A browser in which GitHub has just said who somebody is."""
    settings.SOCIALACCOUNT_PROVIDERS = KEYS

    def arrive(email="cleo@example.com"):
        client = Client()
        client.get(reverse("account_login"))
        login = SocialLogin(
            user=User(email=email),
            account=SocialAccount(provider="github", uid="1", extra_data={"name": "Cleo Marsh"}),
            provider=get_adapter().get_provider(RequestFactory().get("/"), "github"),
        )
        session = client.session
        session["socialaccount_sociallogin"] = login.serialize()
        session.save()
        return client

    return arrive


def test_joins_through_the_same_form_with_what_the_provider_told(arriving):
    Agreement.objects.create(version=7, text="Be kind.", published_at=NOON)
    client = arriving()
    url = reverse("socialaccount_signup")

    form = client.get(url).context["form"]
    refused = client.post(url, {"name": "Cleo", "email": "cleo@example.com"})
    kept = User.objects.exists()
    joined = client.post(
        url, {"name": "Cleo", "email": "cleo@example.com", "agreement": "on", "agreement_version": "7"}
    )
    client.post(joined.url, {"code": newest_code("cleo@example.com")})

    assert list(form.fields) == ["name", "email", "agreement", "agreement_version"]
    assert (form["name"].value(), form["email"].value()) == ("Cleo Marsh", "cleo@example.com")
    assert "agreement" in refused.context["form"].errors
    assert not kept
    advocate = Advocate.objects.get()
    assert advocate.user.socialaccount_set.get().uid == "1"
    assert not advocate.user.has_usable_password()
    assert Acceptance.objects.get().person == advocate.person
    assert client.session["_auth_user_id"] == str(advocate.user.pk)


def test_never_joins_an_account_that_only_shares_the_email(arriving):
    cleo = make_advocate("cleo")
    client = arriving()

    client.post(reverse("socialaccount_signup"), {"name": "Cleo", "email": "cleo@example.com"})

    assert User.objects.get() == cleo.user
    assert not SocialAccount.objects.exists()
    assert subjects("cleo@example.com") == ["You already have an account"]


def test_forgets_the_account_elsewhere_of_whoever_joined_with_somebody_elses_address(arriving):
    arriving("vic@example.com").post(reverse("socialaccount_signup"), {"name": "Vic", "email": "vic@example.com"})
    owner = Client()
    asked = owner.post(reverse("account_reset_password"), {"email": "vic@example.com"})
    choose = owner.post(asked.url, {"code": newest_code("vic@example.com")})

    owner.post(choose.url, {"password1": "another horse battery", "password2": "another horse battery"})

    assert User.objects.get().check_password("another horse battery")
    assert not SocialAccount.objects.exists()


def test_takes_from_a_provider_only_addresses_that_it_has_confirmed(arriving):
    login = SocialLogin(
        email_addresses=[
            EmailAddress(email="cleo@example.com", verified=True, primary=True),
            EmailAddress(email="dan@example.com", verified=False),
        ]
    )

    SocialAccountAdapter().pre_social_login(RequestFactory().get("/"), login)

    assert [address.email for address in login.email_addresses] == ["cleo@example.com"]
