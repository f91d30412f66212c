from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone

from referrals.models import Click, Code, LinkDay, ProgramDay
from referrals.share import codes
from referrals.visits import landings, loading, tokens
from referrals.visits.tokens import Token
from rewards.plans import Benefit, PlanDocument
from spine import clock
from tests.factories import LONG_AGO, NOON, PLAN, make_advocate, make_link, make_program
from tests.referrals.wsgi import CHROME, spooled, visit

AFTER = PlanDocument((Benefit("friend", "credit", fixed=500),))
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture
def django(db):
    """What stands behind: the whole of Django, which leaves the test's connection open."""
    request_started.disconnect(close_old_connections)
    yield WSGIHandler()
    request_started.connect(close_old_connections)


@pytest.fixture
def program(db):
    return make_program(plan=AFTER, utm={"utm_source": "referral", "utm_campaign": "{program}"}, slug="give")


@pytest.fixture
def link(program, ben):
    return make_link(program, ben, "BEN42")


@pytest.fixture
def known(django, link):
    """A link that somebody followed a moment ago."""
    assert visit("/r/BEN42", behind=django, USER_AGENT=GOOGLEBOT).status == "302 Found"
    return link


def signed(link, at=None):
    return tokens.sign(Token(link if isinstance(link, int) else link.pk, uuid4(), at or timezone.now()))


def test_lands_a_visitor_with_a_token_that_proves_the_visit(django, link, spool):
    answer = visit("/r/BEN42", behind=django)

    address = urlsplit(answer["Location"])
    told = tokens.read(answer.token, timezone.now())
    [written] = spooled(spool)
    assert answer.status == "302 Found"
    assert (address.netloc, address.path) == ("shop.example", "/")
    assert parse_qs(address.query) == {"utm_source": ["referral"], "utm_campaign": ["give"], "adv": [answer.token]}
    assert (told.link, told.click) == (link.pk, written.click)
    assert (written.link, written.reason, written.is_first) == (link.pk, "", True)


def test_answers_the_next_visit_from_memory(known, spool, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = visit("/r/BEN42")

    assert answer.status == "302 Found"
    assert answer.body == b""
    assert tokens.read(answer.token, timezone.now()).link == known.pk
    assert len(spooled(spool)) == 2


def test_says_the_same_from_memory_as_django_says(django, link):
    first, second = visit("/r/BEN42", behind=django), visit("/r/BEN42")

    ours = {"Cache-Control", "Referrer-Policy", "X-Robots-Tag", "Content-Length"}
    assert {name: first[name] for name in ours} == {
        "Cache-Control": "no-store",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "X-Robots-Tag": "noindex",
        "Content-Length": "0",
    }
    assert {name: second[name] for name in ours} == {name: first[name] for name in ours}
    assert first["Location"].replace(first.token, "") == second["Location"].replace(second.token, "")


def test_notices_a_change_once_what_it_remembers_is_old(django, program, link, monkeypatch):
    monkeypatch.setattr(landings, "LIVES", 0.0)
    visit("/r/BEN42", behind=django)
    program.destination = "https://shop.example/new"
    program.save()

    answer = visit("/r/BEN42", behind=django)

    assert urlsplit(answer["Location"]).path == "/new"


def test_remembers_for_five_seconds(known, program):
    program.destination = "https://shop.example/new"
    program.save()

    answer = visit("/r/BEN42")

    assert urlsplit(answer["Location"]).path == "/"
    assert landings.LIVES == 5.0


def test_lands_visitors_as_it_remembers_while_the_database_is_away(django, link, monkeypatch):
    def away(*args):
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as long_ago:
        long_ago.setattr(landings, "LIVES", 0.0)
        visit("/r/BEN42", behind=django)
    with connection.execute_wrapper(away):
        first = visit("/r/BEN42", behind=django)
        second = visit("/r/BEN42")

    assert (first.status, second.status) == ("302 Found", "302 Found")


def test_leads_through_the_friend_page_where_the_benefit_comes_first(django, ben):
    make_link(make_program(plan=PLAN), ben, "BEN42")

    answer = visit("/r/ben42", behind=django)

    assert urlsplit(answer["Location"])[:3] == ("", "", "/welcome/BEN42/")
    assert tokens.read(answer.token, timezone.now())


@pytest.mark.parametrize("state", ["scheduled", "paused", "ended"])
def test_lands_visitors_of_a_program_that_is_not_live_in_the_shop(django, ben, state):
    make_link(make_program(plan=PLAN, state=state), ben, "BEN42")

    answer = visit("/r/BEN42", behind=django)

    assert answer.status == "302 Found"
    assert urlsplit(answer["Location"]).netloc == "shop.example"


def test_knows_no_link_of_a_draft(django, ben):
    make_link(make_program(state="draft", terms=None), ben, "BEN42")

    assert visit("/r/BEN42", behind=django).status == "404 Not Found"


def test_keeps_the_destinations_own_query_and_fragment(django, ben):
    make_link(make_program(plan=AFTER, destination="https://shop.example/a?b=c&adv=old#top"), ben, "BEN42")

    answer = visit("/r/BEN42", behind=django)

    address = urlsplit(answer["Location"])
    assert (address.path, address.query, address.fragment) == ("/a", f"b=c&adv={answer.token}", "top")


def test_leaves_a_cookie_of_its_own(known, settings):
    settings.SECURE_COOKIES = True

    answer = visit("/r/BEN42")

    assert answer["Set-Cookie"] == f"adv={answer.token}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure"


def test_keeps_the_first_visit_and_the_latest_ones(known, spool):
    earlier = [signed(known) for _ in range(5)]

    answer = visit("/r/BEN42", COOKIE=f"session=x; adv={'.'.join(earlier)}; theme=dark")

    assert answer.cookie == [earlier[0], *earlier[2:], answer.token]
    assert not spooled(spool)[-1].is_first


@pytest.mark.parametrize(
    "value",
    ["a:b:c", "%00", "\0", "x" * 8192, "." * 400, '"', "adv=adv", "é" * 66, "A" * 66, ".".join(["B" * 66] * 5), ""],
)
def test_lands_a_visitor_whose_cookie_is_broken(known, spool, value):
    answer = visit("/r/BEN42", COOKIE=f"adv={value}")

    assert answer.status == "302 Found"
    assert answer.cookie == [answer.token]
    assert spooled(spool)[-1].is_first


@pytest.mark.parametrize("header", ["adv", ";;;", "=", "adv=;adv=", "advocate=1; xadv=2"])
def test_lands_a_visitor_whose_cookies_are_no_pairs(known, header):
    answer = visit("/r/BEN42", COOKIE=header)

    assert answer.cookie == [answer.token]


def test_drops_a_token_under_a_key_that_is_not_ours(known):
    good = signed(known)
    forged = good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")

    answer = visit("/r/BEN42", COOKIE=f"adv={forged}.{good}")

    assert answer.cookie == [good, answer.token]


def test_drops_a_token_of_the_future(known):
    answer = visit("/r/BEN42", COOKIE=f"adv={signed(known, timezone.now() + timedelta(minutes=6))}")

    assert answer.cookie == [answer.token]


def test_lets_a_token_of_another_program_change_nothing_here(known, cleo):
    other = make_link(make_program(), cleo)
    theirs = signed(other)

    answer = visit("/r/BEN42", COOKIE=f"adv={theirs}")

    assert tokens.read(answer.token, timezone.now()).link == known.pk
    assert answer.cookie == [theirs, answer.token]


def test_counts_a_thousand_machines_and_leaves_them_nothing(known, program, spool, django_assert_num_queries):
    with django_assert_num_queries(0):
        answers = [visit("/r/BEN42", USER_AGENT=GOOGLEBOT) for _ in range(1000)]

    loading.load(spool, NOON)
    assert {answer.status for answer in answers} == {"302 Found"}
    assert {answer["Set-Cookie"] for answer in answers} == {None}
    assert {answer.token for answer in answers} == {""}
    assert list(Click.objects.values_list("verdict", "reason").distinct()) == [("bot", "crawler")]
    assert LinkDay.objects.values_list("raw", "qualified").get() == (1001, 0)
    assert ProgramDay.objects.values_list("raw", "qualified").get() == (1001, 0)


@pytest.mark.parametrize(
    ("reason", "headers"),
    [
        ("no_agent", {"USER_AGENT": None}),
        ("no_agent", {"USER_AGENT": "  "}),
        ("crawler", {"USER_AGENT": "curl/8.5.0"}),
        ("crawler", {"USER_AGENT": "WhatsApp/2.23.20.0"}),
        ("embedded", {"SEC_FETCH_MODE": "no-cors", "SEC_FETCH_DEST": "image"}),
        ("embedded", {"SEC_FETCH_MODE": "navigate", "SEC_FETCH_DEST": "iframe"}),
        ("embedded", {"SEC_FETCH_MODE": "cors", "SEC_FETCH_DEST": "empty"}),
        ("head", {"method": "HEAD"}),
    ],
)
def test_leaves_nothing_with_what_is_no_person_following_a_link(known, spool, reason, headers):
    answer = visit("/r/BEN42", **headers)

    assert answer.status == "302 Found"
    assert answer["Set-Cookie"] is None
    assert answer["Location"] == "https://shop.example/?utm_source=referral&utm_campaign=give"
    assert spooled(spool)[-1].reason == reason


def test_takes_a_followed_link_for_a_persons(known, spool):
    answer = visit("/r/BEN42", SEC_FETCH_MODE="navigate", SEC_FETCH_DEST="document", SEC_FETCH_SITE="cross-site")

    assert answer.cookie == [answer.token]
    assert spooled(spool)[-1].reason == ""


@pytest.mark.parametrize(
    "headers", [{"SEC_PURPOSE": "prefetch;prerender"}, {"PURPOSE": "prefetch"}, {"X_MOZ": "prefetch"}]
)
def test_sets_no_cookie_for_what_is_only_fetched_ahead(known, spool, headers):
    answer = visit("/r/BEN42", **headers)

    assert answer["Set-Cookie"] is None
    assert tokens.read(answer.token, timezone.now())
    assert spooled(spool)[-1].reason == "prefetch"


def test_honours_global_privacy_control(known, spool):
    answer = visit("/r/BEN42", SEC_GPC="1")

    assert answer["Set-Cookie"] is None
    assert tokens.read(answer.token, timezone.now())
    assert spooled(spool)[-1].reason == ""


def test_sets_no_cookie_where_the_program_asks_for_consent(django, ben):
    make_link(make_program(plan=AFTER, asks_consent=True), ben, "BEN42")

    answers = visit("/r/BEN42", behind=django), visit("/r/BEN42")

    assert [answer["Set-Cookie"] for answer in answers] == [None, None]
    assert all(tokens.read(answer.token, timezone.now()) for answer in answers)


def test_lands_on_a_page_of_the_shop(known):
    answer = visit("/r/BEN42", "to=https%3A%2F%2Fshop.example%2Fshoes%3Fsize%3D42")

    address = urlsplit(answer["Location"])
    assert (address.netloc, address.path) == ("shop.example", "/shoes")
    assert parse_qs(address.query)["size"] == ["42"]
    assert tokens.read(answer.token, timezone.now())


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "https://shop.example@evil.example/",
        "https://evil@shop.example/",
        "https://shop.example.evil.example/",
        "https://shop.example:8443/",
        "http://shop.example/",
        "https://shop.example\\.evil.example",
        "https:///evil.example",
        "https:evil.example",
        "https://sh\u043ep.example/",
        "https://shop.example/%0d%0aSet-Cookie:x",
        "https://shop.example/\r\nSet-Cookie: x=1",
        "data:text/html,x",
        "x" * 1500,
    ],
)
def test_lands_in_the_shop_whatever_else_is_asked_for(known, to):
    answer = visit("/r/BEN42", "to=" + quote(to))

    address = urlsplit(answer["Location"])
    assert (address.scheme, address.netloc, address.path) == ("https", "shop.example", "/")
    assert len(answer.headers) == 6


@pytest.mark.parametrize(
    ("query", "channel"),
    [("s=whatsapp", "whatsapp"), ("s=qr&x=1", "qr"), ("s=fax", ""), ("s=%00", ""), ("s=", ""), ("&&&=", "")],
)
def test_notes_the_button_by_which_a_link_was_passed_on(known, spool, query, channel):
    visit("/r/BEN42", query)

    assert spooled(spool)[-1].channel == channel


@pytest.mark.parametrize("path", ["/r/ben42", "/r/Ben42", "/r/\uff22EN42".encode().decode("latin-1")])
def test_finds_a_code_however_it_is_written(django, link, path):
    answer = visit(path, behind=django)

    assert tokens.read(answer.token, timezone.now()).link == link.pk


def test_finds_a_renamed_link_by_all_its_names(django, link):
    Code.objects.create(link=link, text="BEN", key=codes.key("BEN"), is_permanent=False, created_at=NOON)
    link.code = "BEN"
    link.save()

    answers = visit("/r/BEN", behind=django), visit("/r/BEN42", behind=django)

    assert [tokens.read(answer.token, timezone.now()).link for answer in answers] == [link.pk, link.pk]


def test_says_that_the_link_of_an_erased_advocate_is_gone(django, link, spool):
    link.codes.update(text="")

    answer = visit("/r/BEN42", behind=django)

    assert answer.status == "410 Gone"
    assert b"no longer in use" in answer.body
    assert b'href="https://shop.example/"' in answer.body
    assert answer["Set-Cookie"] is None
    assert not spool.exists()


@pytest.mark.parametrize("code", ["NOBODY", "BEN42.", "BEN42_", "BEN 42", "%2e", "x" * 500, "\xed\xa0\x80"])
def test_says_kindly_that_a_code_leads_nowhere(django, link, spool, code):
    answer = visit(f"/r/{code}", behind=django)

    assert answer.status == "404 Not Found"
    assert b"This link leads nowhere" in answer.body
    assert "no-store" in answer["Cache-Control"]
    assert not spool.exists()


def test_remembers_a_code_that_leads_nowhere(django, django_assert_max_num_queries):
    visit("/r/NOBODY", behind=django)

    with django_assert_max_num_queries(1) as queries:
        answer = visit("/r/NOBODY", behind=django)

    assert answer.status == "404 Not Found"
    assert "referrals" not in str(queries.captured_queries)


def test_fills_no_memory_with_what_cannot_be_a_code(django):
    visit("/r/" + "x" * 5000, behind=django)

    assert landings.LOST.entries == {}


def test_forgets_the_oldest_when_it_remembers_too_much():
    memory = landings.Memory(2)
    for name in ("first", "second", "first", "third"):
        memory.keep(name, name)

    assert list(memory.entries) == ["first", "third"]


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil", "", "[::", None])
def test_answers_for_no_host_that_django_refuses(django, known, spool, host):
    answer = visit("/r/BEN42", behind=django, HOST=host, server="evil.example")

    assert answer.status == "400 Bad Request"
    assert b"evil" not in answer.body
    assert len(spooled(spool)) == 1


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "POST"}, "403 Forbidden"),
        ({"method": "OPTIONS"}, "405 Method Not Allowed"),
        ({"method": "BREW"}, "405 Method Not Allowed"),
        ({"query": "x=" + "y" * 3000}, "302 Found"),
    ],
)
def test_leaves_the_odd_to_django(django, known, request_, status):
    asked = []

    def watched(environ, start_response):
        asked.append(environ["PATH_INFO"])
        return django(environ, start_response)

    answer = visit("/r/BEN42", request_.pop("query", ""), behind=watched, **request_)

    assert answer.status == status
    assert asked == ["/r/BEN42"]


def test_sends_a_visitor_without_tls_to_where_there_is(django, known, settings):
    settings.SECURE_SSL_REDIRECT = True

    answer = visit("/r/BEN42", behind=WSGIHandler())

    assert (answer.status, answer["Location"]) == ("301 Moved Permanently", "https://testserver/r/BEN42")


def test_believes_a_trusted_proxy_about_tls(known, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 60

    answer = visit("/r/BEN42", X_FORWARDED_PROTO="https")

    assert answer.status == "302 Found"
    assert answer["Strict-Transport-Security"] == "max-age=60"


def test_keeps_no_address_whatever_a_proxy_says(known, spool, settings):
    settings.TRUSTED_PROXIES = 1

    answer = visit("/r/BEN42", X_FORWARDED_FOR="6.6.6.6, 203.0.113.5")

    written = b"".join(path.read_bytes() for path in spool.iterdir())
    assert b"6.6.6.6" not in written
    assert b"203.0.113.5" not in written
    assert b"198.51.100.9" not in written
    assert "6.6.6.6" not in str(answer.headers)


def test_leaves_other_pages_to_django(django):
    assert visit("/", behind=django).status == "200 OK"


def test_dates_a_visit_by_the_sandboxs_clock(django, link, settings, spool):
    settings.SANDBOX = True
    clock.move_forward(timedelta(days=30))

    visit("/r/BEN42", behind=django)
    answer = visit("/r/BEN42")

    ahead = datetime.now(UTC) + timedelta(days=29, hours=23)
    assert all(written.at > ahead for written in spooled(spool))
    assert tokens.read(answer.token, clock.now()).at > ahead


def test_reads_as_much_however_many_links_there_are(django, program, link, django_assert_max_num_queries):
    for number in range(5):
        make_link(program, make_advocate(), f"MORE{number}", at=LONG_AGO)

    with django_assert_max_num_queries(6):
        visit("/r/BEN42", behind=django, USER_AGENT=CHROME)
