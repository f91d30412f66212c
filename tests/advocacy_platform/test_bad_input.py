import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import get_resolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advocates.models import User
from brand.models import Message
from spine.models import AuditEntry, Event
from tests.conftest import sign_in

PAGES = ["/accounts/login/", "/manage/audit/"]
API = ["/api/v1/audit"]
SESSION = site.SESSION_COOKIE_NAME


@pytest.fixture
def caller(ada):
    """Ada's browser, which may go everywhere; a broken answer is looked at and not raised."""
    client = sign_in(ada)
    client.raise_request_exception = False
    return client


@pytest.fixture(autouse=True)
def _nothing_changes(db, request):
    """Whatever is sent here, nothing is written down."""
    request.getfixturevalue("caller")
    before = state()
    yield
    assert state() == before


def state():
    return [list(model.objects.order_by("pk").values()) for model in (User, Event, AuditEntry, Message)]


def is_clear(response, *statuses):
    assert response.status_code in statuses, response.request
    if response.status_code >= 400:
        api = response.request["PATH_INFO"].startswith("/api")
        expected = "application/problem+json" if api else "text/html; charset=utf-8"
        assert response.headers["Content-Type"] == expected
    return True


def test_answers_whatever_the_cookie_is(caller):
    for cookie in [
        ";;;",
        "=",
        "a" * 8000,
        f"{SESSION}=",
        f'{SESSION}="\\000\\000"',
        f"{SESSION}=\x00",
        f"{SESSION}=\xff\xfe",
        f"{SESSION}={'x' * 4000}",
        f'{SESSION}="\\377"',
        f"{SESSION}=a; {SESSION}=b",
        f"{site.CSRF_COOKIE_NAME}=\xff\x00; messages=\xff; django_language=\x00\xff",
        'messages="[[\\"__json_message\\"',
    ]:
        for address in PAGES + API:
            client = Client(raise_request_exception=False)

            response = client.get(address, HTTP_COOKIE=cookie)

            assert is_clear(response, 200, 302, 401)


def test_refuses_a_form_of_ten_megabytes(caller):
    for address in PAGES + API:
        body = b"a=" + b"x" * 10_000_000

        response = caller.post(address, body, content_type="application/x-www-form-urlencoded")

        assert is_clear(response, 413)


def test_refuses_a_field_of_ten_megabytes(caller):
    for address in PAGES:
        # Some pages do not read what is sent to them at all.
        assert is_clear(caller.post(address, {"a": "x" * 10_000_000}), 413, 405, 200)


def test_does_not_read_what_is_too_large(caller):
    class Unread:
        def read(self, *size):
            raise AssertionError

        readline = read

    response = caller.generic(
        "POST",
        "/",
        CONTENT_LENGTH="99999999999",
        CONTENT_TYPE="multipart/form-data; boundary=x",
        **{"wsgi.input": Unread()},
    )

    assert is_clear(response, 413)


def test_answers_whatever_the_length_is_said_to_be(caller):
    for address in ["/", "/api/v1/me"]:
        for length in ["", "-5", "x", "9" * 5000, "٣", "1e3"]:
            assert is_clear(caller.generic("GET", address, CONTENT_LENGTH=length), 200, 413)


def test_refuses_a_nul_in_the_address(caller):
    for address in ["/no%00where", "/manage/audit/%00", "/api/v1/%00", "/media/%00", "/api/v1/audit%00"]:
        assert is_clear(caller.get(address), 400)


def test_refuses_a_nul_in_the_query(caller):
    for query in ["verb=%00", "%00=x", "next=%00", "actor=a\x00b"]:
        for address in PAGES + API:
            assert is_clear(caller.generic("GET", address, QUERY_STRING=query), 400)


def test_answers_whatever_the_query_is_encoded_in(caller):
    for query in ["actor=%ed%a0%80", "%ff=%fe", "verb=%", "verb=%zz", "after=%u0000", "a=\xed\xa0\x80"]:
        for address in PAGES + API:
            assert is_clear(caller.generic("GET", address, QUERY_STRING=query), 200, 302, 400, 422)


def test_answers_whatever_the_address_is_encoded_in(caller):
    for address in ["/%ff%fe", "/%ed%a0%80", "/%", "/%zz", "/%c0%80", "/api/v1/%ff", "/media/%ff", "/..%2f..%2fetc"]:
        assert is_clear(caller.generic("GET", address), 404)


def test_refuses_more_parameters_than_anybody_sends(caller):
    for address in PAGES + API:
        assert is_clear(caller.get(address + "?" + "a&" * 1001), 400)


def test_shows_a_nul_in_a_form_as_an_error_of_its_field(caller):
    client = Client(raise_request_exception=False)

    response = client.post("/accounts/login/", {"login": "ada\0@example.com", "password": "a\0b"})

    assert response.status_code == 200
    assert "Null characters are not allowed" in response.content.decode()


def test_refuses_an_encoding_that_no_browser_uses(caller):
    for kind in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]:
        for charset in ["utf-7", "utf-16", "hex", "rot13", "idna", "unicode_escape", "nothing", "zlib"]:
            response = caller.generic(
                "POST", "/accounts/login/", b"login=+2AA-", content_type=f"{kind}; charset={charset}"
            )

            assert is_clear(response, 400)


def test_answers_whatever_the_content_is_said_to_be(caller):
    for address in ["/accounts/login/", "/api/v1/me"]:
        for kind in ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 300, "x" * 5000, "", ";", "/"]:
            assert is_clear(caller.generic("POST", address, b"{", content_type=kind), 200, 302, 400, 403, 405, 415)


def test_refuses_json_of_three_hundred_levels(caller):
    for body in [b"[" * 300 + b"]" * 300, b'{"a":' * 300 + b"1" + b"}" * 300, b"[" * 200_000]:
        assert is_clear(caller.patch("/api/v1/me", body, content_type="application/json"), 400)


def test_refuses_text_that_no_database_keeps(caller):
    for text in [b'"\\u0000"', b'"\\ud800"', b'"\\udfff\\ud800"', b'"\xed\xa0\x80"']:
        assert is_clear(caller.patch("/api/v1/me", b'{"company": ' + text + b"}", content_type="application/json"), 400)


def test_refuses_a_huge_limit(caller):
    for limit in ["99999999999999999999", "9" * 5000, "-1", "1.5", "NaN", "", "²"]:
        assert is_clear(caller.get("/api/v1/audit", {"limit": limit}), 400)


def test_refuses_a_cursor_that_was_never_given(caller):
    for address in ["/manage/audit/", "/api/v1/audit"]:
        for cursor in ["x", "a:b:c", "é", "9" * 5000, "W10:x", "../..", "' OR 1=1 --"]:
            for side in ["after", "before"]:
                assert is_clear(caller.get(address, {side: cursor}), 400)


def test_refuses_a_host_that_is_not_ours(caller):
    for address in ["/", "/api/v1/"]:
        for host in ["evil.example", "", "a b", "localhost:x", "[::1", "x" * 5000, "localhost\x00", "..", "\xff"]:
            assert is_clear(caller.get(address, HTTP_HOST=host), 400)


def test_refuses_a_method_that_nothing_answers(caller):
    for address in PAGES + API:
        for method in ["TRACE", "CONNECT", "PROPFIND", "FOO", "", "G" * 1000, "\xff"]:
            response = caller.generic("GET", address, REQUEST_METHOD=method)

            assert is_clear(response, 405)
            assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE"


def test_refuses_a_key_that_is_none(caller):
    for header in ["Bearer \x00", "Bearer", "Bearer \xff", "bearer adv_x", "Bearer " + "a" * 100_000]:
        assert is_clear(caller.get("/api/v1/me", HTTP_AUTHORIZATION=header), 401)


def test_answers_whatever_the_headers_are(caller):
    for address in ["/", "/accounts/login/", "/api/v1/me"]:
        for headers in [
            {"HTTP_ACCEPT_LANGUAGE": "x" * 100_000},
            {"HTTP_ACCEPT_LANGUAGE": "en;q=\x00"},
            {"HTTP_ACCEPT": "\xff/\x00;q=x"},
            {"HTTP_REFERER": "\x00"},
            {"HTTP_ORIGIN": "null"},
            {"HTTP_X_FORWARDED_FOR": "\x00, ::, 999.1.1.1"},
            {"HTTP_X_REQUEST_ID": "\x00\xff" * 1000},
            {"HTTP_USER_AGENT": "\x00\xff" * 1000},
            {"HTTP_IF_MODIFIED_SINCE": "yesterday"},
            {"HTTP_RANGE": "bytes=-0-"},
            {"HTTP_AUTHORIZATION": "Basic \x00"},
            {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
            {"REMOTE_ADDR": ""},
            {"REMOTE_ADDR": "unix:"},
        ]:
            assert is_clear(caller.get(address, **headers), 200, 302, 406)


def addresses():
    """Every address of the site that has no part to fill in."""
    return sorted({"/" + "".join(str(route) for route in routes) for routes in _routes(get_resolver())})


def _routes(resolver, before=()):
    for pattern in resolver.url_patterns:
        route = (*before, pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _routes(pattern, route)
        elif "<" not in str(pattern.pattern) and "(" not in str(pattern.pattern) and "^" not in str(pattern.pattern):
            yield route


LATIN = st.text(st.characters(max_codepoint=255), max_size=60)
NASTY = st.sampled_from(
    ["\x00", "%00", "\xed\xa0\x80", "../", "%", "'", '"', "\\", "{{", "\r\n", "٣", "9" * 400, "=", "&", ";"]
)
BITS = st.lists(LATIN | NASTY, max_size=4).map(lambda bits: "".join(bits).encode().decode("latin-1"))


@st.composite
def requests(draw):
    method = draw(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]) | BITS)
    address = draw(st.sampled_from(addresses())) + draw(st.just("") | BITS)
    names = st.sampled_from(
        ["after", "before", "limit", "actor", "verb", "next", "q", "page", "login", "email", "code"]
    )
    pairs = draw(st.lists(st.tuples(names | BITS, BITS), max_size=3))
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": address,
        "QUERY_STRING": "&".join(f"{name}={value}" for name, value in pairs),
    }
    for header in draw(
        st.sets(st.sampled_from(["COOKIE", "ACCEPT", "ACCEPT_LANGUAGE", "REFERER", "ORIGIN", "HOST"]), max_size=2)
    ):
        environ[f"HTTP_{header}"] = draw(BITS)
    kinds = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
    form = "&".join(f"{name}={value}" for name, value in draw(st.lists(st.tuples(names | BITS, BITS), max_size=4)))
    body = draw(st.binary(max_size=200) | st.just(form.encode("latin-1")))
    return environ, body, draw(st.sampled_from(kinds) | BITS)


@pytest.mark.deep
@settings(
    max_examples=2000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(requests(), st.booleans())
def test_never_breaks(caller, request_, signed_in):
    environ, body, kind = request_
    client = caller if signed_in else Client(raise_request_exception=False)

    response = client.generic("GET", "/", body, content_type=kind, **environ)

    assert response.status_code < 500
