import socket
import threading
import time

import pytest
from werkzeug import Request, Response

from spine import http

TRICKS = [
    "127.0.0.1",
    "0.0.0.0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "169.254.169.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "0x7f.1",
    "2130706433",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "localhost",
]


@pytest.fixture
def receiver(httpserver, settings):
    """A real receiver in a network that outbound calls may reach."""
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    return httpserver


@pytest.fixture
def dripping(settings):
    """A receiver that sends one more byte every 50 ms, for ever; what it sends first is the fixture's argument."""
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve(first, drips):
        sock, _address = listening.accept()
        with sock:
            sock.recv(65_536)
            sock.sendall(first)
            while drips and not stop.wait(0.05):
                try:
                    sock.sendall(b"a")
                except OSError:
                    return

    threads = []

    def start(first, *, drips=True):
        threads.append(threading.Thread(target=serve, args=(first, drips), daemon=True))
        threads[0].start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"

    yield start
    stop.set()
    listening.close()
    for thread in threads:
        thread.join(timeout=10)


@pytest.mark.parametrize("host", TRICKS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_refuses_a_private_address_however_it_is_written(host, scheme):
    with pytest.raises(http.AddressRefused) as refused:
        http.send("GET", f"{scheme}://{host}/", timeout=(1, 1))

    assert refused.value.code == "address_refused"


def test_sends_nothing_to_a_private_address(httpserver):
    httpserver.expect_request("/").respond_with_data("secret")

    with pytest.raises(http.AddressRefused):
        http.send("GET", httpserver.url_for("/"))

    assert httpserver.log == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://",
        "http://[",
        "gopher://x",
        "http://a..b/",
        "http://" + "a" * 70 + ".com/",
        "http://x:99999999/",
    ],
)
def test_refuses_what_is_no_address(url):
    with pytest.raises(http.AddressRefused):
        http.send("GET", url)


def test_says_what_was_answered(receiver):
    def answer(request: Request) -> Response:
        return Response(request.data[::-1], 418, {"X-Was": request.method, "X-Host": request.headers["Host"]})

    receiver.expect_request("/hook").respond_with_handler(answer)

    response = http.send("POST", receiver.url_for("/hook"), body=b"abc", headers={"X-Key": "1"})

    assert (response.status, response.body, response.headers["x-was"]) == (418, b"cba", "POST")
    assert response.headers["x-host"] == f"{receiver.host}:{receiver.port}"
    request = receiver.log[0][0]
    assert (request.headers["X-Key"], "X-Forwarded-For" in request.headers) == ("1", False)
    assert request.headers["User-Agent"].startswith("advocacy-platform/")


def test_follows_no_redirect(receiver):
    receiver.expect_request("/").respond_with_data("", 302, {"Location": receiver.url_for("/secret")})

    response = http.send("GET", receiver.url_for("/"))

    assert (response.status, response.headers["location"]) == (302, receiver.url_for("/secret"))
    assert len(receiver.log) == 1


def test_uses_no_proxy_of_the_environment(receiver, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    receiver.expect_request("/").respond_with_data("ok")

    assert http.send("GET", receiver.url_for("/")).body == b"ok"


def test_refuses_what_is_too_large(receiver):
    receiver.expect_request("/").respond_with_data(b"x" * 1001)

    with pytest.raises(http.TooLarge) as refused:
        http.send("GET", receiver.url_for("/"), max_bytes=1000)

    assert refused.value.status == 200


def test_takes_what_is_just_small_enough(receiver):
    receiver.expect_request("/").respond_with_data(b"x" * 1000)

    assert len(http.send("GET", receiver.url_for("/"), max_bytes=1000).body) == 1000


def test_gives_up_on_silence(receiver):
    listening = socket.create_server(("127.0.0.1", 0))

    with listening, pytest.raises(http.NoAnswer) as lost:
        http.send("GET", f"http://127.0.0.1:{listening.getsockname()[1]}/", timeout=(1, 0.2))

    assert lost.value.sent is True


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", id="headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", id="body of known length"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="body without an end"),
    ],
)
def test_gives_up_on_a_slow_drip(dripping, first):
    begun = time.monotonic()

    with pytest.raises(http.NoAnswer) as lost:
        http.send("GET", dripping(first), total=0.5)

    assert lost.value.sent is True
    assert time.monotonic() - begun < 5


def test_gives_up_on_a_slow_drip_inside_tls(dripping):
    begun = time.monotonic()

    with pytest.raises(http.NoAnswer):
        http.send("GET", dripping(b"\x16\x03\x03\x40\x00").replace("http:", "https:"), total=0.5)

    assert time.monotonic() - begun < 5


def test_knows_that_nothing_was_sent_where_nobody_listens(receiver):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    with pytest.raises(http.NoAnswer) as lost:
        http.send("GET", f"http://127.0.0.1:{port}/")

    assert lost.value.sent is False


def test_knows_that_nothing_was_sent_to_a_name_that_nobody_has(receiver):
    with pytest.raises(http.NoAnswer) as lost:
        http.send("GET", "http://nobody.invalid/")

    assert lost.value.sent is False


def test_cannot_say_what_a_broken_answer_means(dripping):
    with pytest.raises(http.NoAnswer) as lost:
        http.send("GET", dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", drips=False))

    assert lost.value.sent is True
