import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advocates import suspending
from brand.models import Brand
from referrals.models import Acceptance, Code
from referrals.share import sharing
from referrals.visits.spool import CHANNELS
from spine import clock
from tests.factories import LONG_AGO, make_link, make_program

HOME = reverse("home")
ACTOR = ("user", "u-1")


def accept(link):
    Acceptance.objects.create(person=link.person, terms=link.program.terms.get(), at=LONG_AGO)
    return link


def make_shared(advocate, code="CDFH3479", **fields):
    return accept(make_link(make_program(**fields), advocate, code))


def text(answer):
    return unescape(answer.content.decode())


def blocks(answer):
    return answer.context["share"].blocks


def rename_page(link):
    return reverse("referrals:rename", args=[link.public_id])


def deep_page(link):
    return reverse("referrals:page", args=[link.public_id])


def test_shows_the_link_and_every_way_to_share_it(cleo_client, cleo, settings):
    settings.BASE_URL = "https://friends.example"
    make_shared(cleo, share_text="Try this tea & tell me.", disclosure="#ad")

    answer = cleo_client.get(HOME)

    assert 'value="https://friends.example/r/CDFH3479"' in text(answer)
    assert "CDFH3479" in text(answer)
    kit = blocks(answer)[0].kit
    assert kit.words == "Try this tea & tell me. #ad"
    urls = {button.icon: button.url for button in kit.buttons}
    message = "Try this tea & tell me. https://friends.example/r/CDFH3479?s=%s #ad"
    assert kit.message == message % "copy"
    assert parse_qs(urlsplit(urls["envelope"]).query)["body"] == [message % "email"]
    assert parse_qs(urlsplit(urls["chat-bubble-oval-left-ellipsis"]).query) == {"text": [message % "whatsapp"]}
    assert parse_qs(urlsplit(urls["device-phone-mobile"]).query) == {"body": [message % "sms"]}
    assert parse_qs(urlsplit(urls["megaphone"]).query) == {"text": [message % "x"]}
    assert parse_qs(urlsplit(urls["hand-thumb-up"]).query) == {"u": ["https://friends.example/r/CDFH3479?s=facebook"]}
    assert unquote(urls["briefcase"]).endswith("url=https://friends.example/r/CDFH3479?s=linkedin")


def test_shares_through_channels_that_are_counted(cleo):
    link = make_shared(cleo)

    kit = sharing.kit(link, link.program, Brand())

    shared = " ".join(unquote(url) for url in [kit.sheet_url, kit.message, *(button.url for button in kit.buttons)])
    assert set(re.findall(r"[?&]s=(\w+)", shared)) == CHANNELS - {"qr"}


def test_speaks_for_a_program_that_says_nothing(cleo):
    link = make_shared(cleo, disclosure="")

    kit = sharing.kit(link, link.program, Brand(name="Tea & Co"))

    assert kit.words == "I like Tea & Co and think you will too."
    assert kit.message == f"{kit.words} {kit.url}?s=copy"


def test_puts_nothing_of_anybodys_into_a_page_raw(cleo_client, cleo):
    make_shared(cleo, share_text='"><script>alert(1)</script>', name="<b>Ten</b>")

    page = cleo_client.get(HOME).content.decode()

    assert "<script>alert" not in page
    assert "<b>Ten" not in page


def test_shows_a_block_for_each_live_program(cleo_client, cleo):
    make_shared(cleo, "FIRST", name="Tea")
    make_shared(cleo, "SECOND", name="Coffee")
    make_program("Over", state="ended")

    answer = cleo_client.get(HOME)

    assert [(block.program.name, block.kit.link.code) for block in blocks(answer)] == [
        ("Tea", "FIRST"),
        ("Coffee", "SECOND"),
    ]


def test_says_that_a_link_is_being_made(cleo_client, cleo):
    program = make_program("Tea")
    Acceptance.objects.create(person=cleo.person, terms=program.terms.get(), at=LONG_AGO)

    answer = cleo_client.get(HOME)

    assert "Your link for Tea is being made." in text(answer)
    assert blocks(answer)[0].kit is None


def test_shows_no_link_before_the_rules_are_accepted(cleo_client, cleo):
    make_link(make_program("Tea"), cleo, "CDFH3479")

    answer = cleo_client.get(HOME)

    assert "CDFH3479" not in text(answer)
    assert "say yes to the rules, and your link is yours" in text(answer)
    assert (blocks(answer)[0].kit, blocks(answer)[0].is_accepted) == (None, False)


def test_shows_nothing_while_no_program_is_live(cleo_client, cleo):
    answer = cleo_client.get(HOME)

    assert (answer.status_code, blocks(answer)) == (200, [])


def test_tells_who_is_suspended(cleo_client, cleo):
    link = make_shared(cleo)
    suspending.suspend(cleo.person, ACTOR, "Spam", clock.now() - timedelta(hours=1))

    answer = cleo_client.get(HOME)

    assert "Your account is suspended for now." in text(answer)
    assert rename_page(link) not in text(answer)


def test_asks_the_same_for_many_programs_as_for_one(cleo_client, cleo):
    def count():
        with CaptureQueriesContext(connection) as asked:
            cleo_client.get(HOME)
        return len(asked)

    make_shared(cleo, "FIRST")
    count()
    few = count()
    for number in range(4):
        make_shared(cleo, f"MORE{number}", name=f"P{number}")

    assert count() == few


def test_renames_a_link(cleo_client, cleo):
    link = make_shared(cleo)

    assert cleo_client.get(rename_page(link)).status_code == 200
    answer = cleo_client.post(rename_page(link), {"text": "cleo-bakes"}, follow=True)

    assert answer.redirect_chain == [(HOME, 302)]
    assert "Your link now reads CLEO-BAKES. The one before still works." in text(answer)
    link.refresh_from_db()
    assert link.code == "CLEO-BAKES"


@pytest.mark.parametrize(
    ("code", "status", "why"),
    [
        ("", 422, "This field is required."),
        ("x", 422, "That can't be a code."),
        ("x" * 50, 422, "at most 40"),
        ("admin", 409, "This code is kept free"),
        ("dans", 409, "Somebody has this code already."),
    ],
)
def test_says_why_a_code_is_refused(cleo_client, cleo, dan, code, status, why):
    link = make_shared(cleo)
    make_link(link.program, dan, "DANS")

    answer = cleo_client.post(rename_page(link), {"text": code})

    assert answer.status_code == status
    assert why in text(answer)
    link.refresh_from_db()
    assert link.code == "CDFH3479"


def test_stops_who_tries_codes_out(cleo_client, cleo):
    link = make_shared(cleo)

    answers = [cleo_client.post(rename_page(link), {"text": "admin"}).status_code for _try in range(31)]

    assert answers == [409] * 30 + [429]


def test_keeps_a_link_its_owners(dan_client, client, cleo):
    link = make_shared(cleo)

    for path in (rename_page(link), deep_page(link)):
        assert dan_client.get(path).status_code == 404
        assert client.get(path).status_code == 302
    assert dan_client.post(rename_page(link), {"text": "dans-now"}).status_code == 404
    assert Code.objects.count() == 1


def test_makes_a_link_to_one_page(cleo_client, cleo, settings):
    settings.BASE_URL = "https://friends.example"
    link = make_shared(cleo)

    answer = cleo_client.get(deep_page(link), {"to": " https://shop.example/tea?a=1&b=2 "})

    assert answer.status_code == 200
    assert answer.context["deep_url"] == (
        "https://friends.example/r/CDFH3479?to=https%3A%2F%2Fshop.example%2Ftea%3Fa%3D1%26b%3D2"
    )


@pytest.mark.parametrize("to", ["https://evil.example", "//evil", "javascript:alert(1)", "http://shop.example/"])
def test_says_where_a_link_can_lead(cleo_client, cleo, to):
    link = make_shared(cleo, hosts=["www.shop.example"])

    answer = cleo_client.get(deep_page(link), {"to": to})

    assert answer.status_code == 422
    assert "https:// on shop.example, www.shop.example." in text(answer)
    assert answer.context["deep_url"] == ""


def test_makes_no_link_to_a_page_that_it_would_not_lead_to(cleo_client, cleo):
    link = make_shared(cleo)

    answer = cleo_client.get(deep_page(link), {"to": "https://shop.example/" + "\u00e9" * 300})

    assert (answer.status_code, answer.context["deep_url"]) == (422, "")


def test_asks_for_a_page_first(cleo_client, cleo):
    answer = cleo_client.get(deep_page(make_shared(cleo)))

    assert (answer.status_code, answer.context["deep_url"]) == (200, "")
