from datetime import timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.urls import reverse

from advocates import suspending
from advocates.models import Advocate
from brand.models import Brand
from referrals.models import Code, FriendCode, StateChange
from referrals.terms import TermsDocument
from rewards.models import PoolCode
from spine import clock, limits
from tests.conftest import sign_in
from tests.factories import make_link, make_program
from tests.referrals.offering import make_offer
from tests.referrals.test_offers import visit

WELCOME = reverse("referrals:welcome", args=["BEN42"])


def ask(client, email="dan@example.com", path=WELCOME):
    return client.post(path, {"email": email})


def text(answer):
    return unescape(answer.content.decode())


def test_shows_the_offer_and_hands_out_nothing(client, ben):
    make_offer(ben, "TEN-1", terms=TermsDocument(minimum_order=3000))

    answer = client.get(WELCOME)

    assert answer.status_code == 200
    assert "For you: 10\u00a0% off" in text(answer)
    assert "A friend invites you" in text(answer)
    assert "Ben" not in text(answer).replace("BEN42", "")
    assert "For new customers." in text(answer)
    assert "For orders of $30 or more." in text(answer)
    assert "no-store" in answer["Cache-Control"]
    assert PoolCode.objects.get().holder == ""


def test_speaks_in_the_name_of_who_agreed_to_it(client, ben):
    make_offer(ben, "TEN-1")
    Advocate.objects.filter(pk=ben.pk).update(is_named_to_friends=True, display_name="Ben <Okafor>")

    answer = client.get(WELCOME)

    assert "Ben &lt;Okafor&gt; invites you" in answer.content.decode()
    assert "<Okafor>" not in answer.content.decode()


def test_previews_itself_where_it_is_shared(client, ben, settings):
    settings.BASE_URL = "https://friends.example"
    make_offer(ben, "TEN-1")
    Brand(name="Tea & Co", logo="brand/logo.png").save()

    page = text(client.get(WELCOME))

    assert '<meta property="og:title" content="A friend invites you to Tea & Co">' in page
    assert '<meta property="og:description" content="10\u00a0% off, for you.">' in page
    assert '<meta property="og:url" content="https://friends.example/r/BEN42">' in page
    assert '<meta property="og:image" content="https://friends.example/media/brand/logo.png">' in page


def test_hands_a_friend_their_code_and_sends_them_on(client, ben):
    link = make_offer(ben, "TEN-1", "TEN-2")
    token = visit(link, clock.now())

    answer = ask(client, path=f"{WELCOME}?adv={token}&to=https://shop.example/tea")

    assert answer.status_code == 200
    assert "TEN-1" in text(answer)
    shop = urlsplit(answer.context["shop"])
    assert (shop.netloc, shop.path) == ("shop.example", "/tea")
    assert dict(parse_qsl(shop.query)) == {"adv": token, "coupon": "TEN-1"}
    assert "no-store" in answer["Cache-Control"]
    assert FriendCode.objects.get().link == link


def test_answers_the_same_whether_or_not_somebody_asked_before(client, ben):
    make_offer(ben, "TEN-1", "TEN-2")

    first, second = ask(client), ask(client.__class__(), "DAN@example.com")

    assert (first.status_code, first.context["shop"]) == (second.status_code, second.context["shop"])
    assert PoolCode.objects.exclude(holder="").count() == 1


@pytest.mark.parametrize("email", ["", "dan", "dan@", "d\0an@example.com", "a@b\n.com", "x" * 400 + "@example.com"])
def test_refuses_what_is_no_address(client, ben, email):
    make_offer(ben, "TEN-1")

    answer = ask(client, email)

    assert answer.status_code == 422
    assert "email" in answer.context["form"].errors
    assert not FriendCode.objects.exists()


def test_refuses_an_address_for_an_hour_kindly(client, ben):
    make_offer(ben, "TEN-1")

    answer = ask(client, "dan@mailinator.com")

    assert answer.status_code == 422
    assert "Use one that you keep" in text(answer)
    assert PoolCode.objects.get().holder == ""


def test_lets_a_friend_go_on_without_a_code(client, ben):
    make_offer(ben)

    answer = ask(client)

    assert answer.status_code == 409
    assert "All codes are given away just now" in text(answer)
    assert answer.context["shop"] == "https://shop.example/"


def test_stops_who_asks_for_many(client, ben):
    make_offer(ben, *(f"TEN-{number}" for number in range(30)))

    answers = [ask(client, f"friend{number}@example.com").status_code for number in range(22)]

    assert answers == [200] * 20 + [429] * 2
    assert FriendCode.objects.count() == 20


def test_stops_a_link_that_hands_out_many(client, ben):
    link = make_offer(ben, "TEN-1")
    for _time in range(300):
        limits.take("friend code by link", str(link.pk), limit=300, per=timedelta(days=1), at=clock.now())

    assert ask(client).status_code == 429
    assert not FriendCode.objects.exists()


def test_shows_advocates_what_their_friends_see(ben):
    make_offer(ben, "TEN-1")
    client = sign_in(ben)

    for answer in (client.get(WELCOME), ask(client)):
        assert answer.status_code == 200
        assert "This is what your friends see." in text(answer)
    assert not FriendCode.objects.exists()


def test_hands_a_code_to_a_friend_who_is_an_advocate_too(dan_client, ben):
    make_offer(ben, "TEN-1")

    assert "TEN-1" in text(ask(dan_client))


def test_says_kindly_that_a_code_leads_nowhere(client, ben):
    make_offer(ben, "TEN-1")

    unknown = client.get(reverse("referrals:welcome", args=["NOBODY"]))
    Code.objects.update(text="")
    erased = client.get(WELCOME)

    assert (unknown.status_code, erased.status_code) == (404, 410)
    assert "This link leads nowhere" in text(unknown)
    assert "This link is no longer in use" in text(erased)
    assert ask(client).status_code == 410
    assert not FriendCode.objects.exists()


def test_sends_the_friends_of_who_is_suspended_straight_on(client, ben):
    link = make_offer(ben, "TEN-1")
    suspending.suspend(ben.person, ("user", "u-1"), "Spam", clock.now() - timedelta(hours=1))
    token = visit(link, clock.now())

    answer = client.get(f"{WELCOME}?adv={token}")

    assert (answer.status_code, answer.url) == (302, f"https://shop.example/?adv={token}")
    assert ask(client).status_code == 302
    assert not FriendCode.objects.exists()


def test_sends_a_friend_straight_on_where_there_is_nothing_to_hand_out(client, ben):
    link = make_offer(ben, "TEN-1")
    at = clock.now()
    StateChange.objects.create(program=link.program, state="ended", at=at, recorded_at=at, changed_by="t")

    answer = client.get(f"{WELCOME}?to=//evil")

    assert (answer.status_code, answer.url) == (302, "https://shop.example/")


def test_never_acts_on_a_get(client, ben):
    make_offer(ben, "TEN-1")

    client.get(f"{WELCOME}?email=dan@example.com")

    assert not FriendCode.objects.exists()


def test_asks_the_same_however_many_links_there_are(client, ben, django_assert_max_num_queries):
    link = make_offer(ben, "TEN-1")
    for number in range(5):
        make_link(make_program(f"P{number}"), ben)

    with django_assert_max_num_queries(12):
        assert client.get(WELCOME).status_code == 200
    assert link.program.links.count() == 1
