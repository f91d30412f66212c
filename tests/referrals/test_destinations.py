from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.share import destinations

PROGRAM = SimpleNamespace(
    slug="give-ten",
    destination="https://shop.example/start",
    hosts=["WWW.Shop.example", "stra\u00dfe.example"],
    utm={"utm_source": "referral", "utm_campaign": "{program}"},
)
OURS = {"shop.example", "www.shop.example", "xn--strae-oqa.example"}


@pytest.mark.parametrize(
    ("url", "landed"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example/a/b?c=d&e#f", "https://shop.example/a/b?c=d&e#f"),
        ("HTTPS://Shop.Example:443/Tea", "https://shop.example/Tea"),
        ("https://www.shop.example/", "https://www.shop.example/"),
        (
            "https://stra\u00dfe.example/gr\u00fcn tee".replace(" ", "%20"),
            "https://xn--strae-oqa.example/gr%C3%BCn%20tee",
        ),
        ("https://shop.example/?to=https://evil.example", "https://shop.example/?to=https://evil.example"),
        ("https://shop.example/it's", "https://shop.example/it's"),
        ('https://shop.example/"<b>"', "https://shop.example/%22%3Cb%3E%22"),
    ],
)
def test_allows_a_page_of_the_programs_hosts(url, landed):
    assert destinations.allowed(PROGRAM, url) == landed


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "//evil",
        "//shop.example/",
        "/\\evil",
        "\\\\evil",
        "https:evil",
        "https:/evil",
        "https:///evil",
        "https:shop.example",
        "http://shop.example/",
        "ftp://shop.example/",
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "javascript://shop.example/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "https://evil",
        "https://shop.example@evil",
        "https://shop.example:443@evil",
        "https://evil@shop.example/",
        "https://@shop.example/",
        "https://shop.example%40evil",
        "https://shop.example.evil",
        "https://shop.example%2eevil",
        "https://evilshop.example",
        "https://sub.shop.example",
        "https://shop.example.",
        "https://shop.example\\@evil",
        "https://evil\\@shop.example",
        "https://evil#@shop.example",
        "https://evil?@shop.example",
        "https://evil/@shop.example",
        "https://shop.example:444/",
        "https://shop.example:80/",
        "https://shop.example:evil/",
        "https://shop.example:99999/",
        "https://shop.example//evil",
        "https://shop.example/%0d%0aSet-Cookie:a=b",
        "https://shop.example/%0D%0a",
        "https://shop.example/%00",
        "https://shop.example/%7f",
        "https://shop.example/%",
        "https://shop.example/%zz",
        "https://shop.example/\r\nSet-Cookie:a=b",
        "https://shop\t.example/",
        "https://sh\nop.example/",
        " https://shop.example/",
        "https://shop.example/ ",
        "\x00https://shop.example/",
        "\u00a0https://shop.example/",
        "https://shop.example/\u2028",
        "https://shop.example/\u202eevil",
        "https://shop.example/\ud800",
        "https://shop\u3002example/",
        "https://shop\uff0eexample/",
        "https://shop.example\u3002evil/",
        "https://\u0455hop.example/",
        "https://sh\u043ep.example/",
        "https://\uff53hop.example/",
        "https://shop.example\u2024evil/",
        "https://shop.example\uff0fevil/",
        "https://sho\u00adp.example/",
        "https://[::1]/",
        "https://[shop.example]/",
        "https://[/",
        "https://strasse.example/",
        "https://shop_.example/",
        "https://shop.example/" + "a" * 1000,
    ],
)
def test_refuses_every_trick(url):
    assert destinations.allowed(PROGRAM, url) is None


_TRICKY = st.sampled_from(
    [
        "https:",
        "//",
        "/",
        "\\",
        "@",
        ".",
        ":",
        "?",
        "#",
        "%2f",
        "%40",
        "%00",
        "shop.example",
        "evil",
        "\t",
        "\u3002",
        "[",
    ]
)


@given(st.one_of(st.text(), st.lists(st.one_of(_TRICKY, st.text(max_size=3))).map("".join)))
def test_never_lands_anywhere_else(text):
    landed = destinations.allowed(PROGRAM, text)

    if landed is not None:
        parts = urlsplit(landed)
        assert (parts.scheme, parts.netloc in OURS) == ("https", True)
        assert landed.isascii()
        assert landed.isprintable()
        assert "\\" not in landed
        assert destinations.allowed(PROGRAM, landed) == landed


@given(st.text(), st.sampled_from(["https://shop.example/", "https://www.shop.example"]))
def test_lands_where_it_was_asked_to_or_nowhere(rest, start):
    landed = destinations.allowed(PROGRAM, f"{start}?{rest}")

    query, _hash, fragment = rest.partition("#")
    begins = start + ("?" if query else "") + ("#" if fragment and not query else "")
    assert landed is None or landed.startswith(begins)


def test_knows_a_programs_hosts():
    assert destinations.hosts(PROGRAM) == OURS
    assert destinations.hosts(SimpleNamespace(destination="https://[/", hosts=["", " ", "a b", "-"])) == set()


def test_keeps_a_query_and_replaces_what_it_sets():
    url = destinations.with_query("https://a.example/b?x=1&adv=evil&flag&%61dv=2&y=%20#f", {"adv": "T-_", "n": "a b&c"})

    assert url == "https://a.example/b?x=1&flag&y=%20&adv=T-_&n=a%20b%26c#f"


def test_leaves_an_address_alone_without_parameters():
    assert destinations.with_query("https://a.example/b?x=1#f", {}) == "https://a.example/b?x=1#f"


@given(st.dictionaries(st.sampled_from(["adv", "utm_source", "coupon"]), st.text(st.characters(codec="utf-8"))))
def test_says_exactly_what_it_was_told(params):
    url = destinations.with_query("https://shop.example/?adv=old&z=1", params)

    told = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    assert {name: value for name, value in told if name in params} == params
    assert ("z", "1") in told


def test_fills_the_programs_name_into_its_parameters():
    assert destinations.utm(PROGRAM) == {"utm_source": "referral", "utm_campaign": "give-ten"}


def test_takes_no_other_place_in_a_parameter_for_one():
    odd = SimpleNamespace(slug="x", utm={"utm_term": "{0.__class__}{program.__init__}{"})

    assert destinations.utm(odd) == {"utm_term": "{0.__class__}{program.__init__}{"}
