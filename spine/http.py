"""Calls to the outside: bounded in time and size, to public addresses only, following nobody elsewhere.

A call is never made inside a transaction. What it did is known only from its answer: see NoAnswer.
"""

import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from AntiSSRF import AntiSSRFError, AntiSSRFPolicy, PolicyConfigOptions
from AntiSSRF._antissrf_agent import _AntiSSRFAdapter
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from spine.refusal import Refusal

_NO_ADDRESS = (
    AntiSSRFError,
    UnicodeError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


class AddressRefused(Refusal):
    """The address is not one that this site may call; nothing was sent."""

    code = "address_refused"
    status = 422
    sentence = _("That address can't be reached from here. Use a public http:// or https:// address.")


class NoAnswer(Exception):
    """No whole answer came in time. Unless `sent` is False, what the call did is unknown: it may have been done."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        self.sent = sent
        super().__init__(reason)


class TooLarge(Exception):
    """The answer is larger than the caller takes; its `status` is known."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"The answer, with status {status}, was too large.")


@dataclass(frozen=True)
class Response:
    """An answer, whatever its status; a redirect is an answer like any other."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: tuple[float, float] = (3.05, 10),
    total: float = 15,
    max_bytes: int = 1_000_000,
) -> Response:
    """Call `url` and return its answer.

    `timeout` is how long connecting, and then each silence, may take; `total` (counted from the end of the look-up of
    the name) is how long everything may take, in seconds. Raises AddressRefused, NoAnswer, TooLarge.
    """
    with _Deadline(total) as deadline, _session(deadline) as session:
        try:
            with session.request(
                method,
                url,
                data=body,
                headers={**_headers(), **(headers or {})},
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as answer:
                return Response(answer.status_code, answer.headers, _read(answer, max_bytes, deadline))
        except _NO_ADDRESS as why:
            raise AddressRefused from why
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as why:
            raise NoAnswer(f"{type(why).__name__}: {why}"[:300], sent=deadline.connected) from why


def _headers() -> dict[str, str]:
    return {"Accept-Encoding": "identity", "User-Agent": f"advocacy-platform/{settings.VERSION}"}


def _read(answer: requests.Response, max_bytes: int, deadline: "_Deadline") -> bytes:
    body = b""
    for chunk in answer.iter_content(16_384):
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge(answer.status_code)
    if deadline.is_over:
        raise requests.exceptions.Timeout("the answer was cut off at its deadline")
    return body


def _session(deadline: "_Deadline") -> requests.Session:
    policy = AntiSSRFPolicy(PolicyConfigOptions.EXTERNAL_ONLY_LATEST)
    policy.add_xff_header = False
    policy.allow_plain_text_http = True
    if settings.OUTBOUND_ALLOWED_NETWORKS:
        policy.add_allowed_addresses(settings.OUTBOUND_ALLOWED_NETWORKS)
    session = requests.Session()
    # The environment's proxies and passwords are not for these calls.
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(policy, deadline))
    return session


class _Deadline:
    """Shuts every connection of one call when its time is over, however slowly the other side drips its answer."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.sockets: list[socket.socket] = []
        self.timer = threading.Timer(seconds, self._shut)
        self.timer.daemon = True

    def __enter__(self) -> "_Deadline":
        self.timer.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.timer.cancel()
        self.timer.join()
        for sock in self.sockets:
            sock.close()

    @property
    def connected(self) -> bool:
        return bool(self.sockets)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends

    def watch(self, sock: socket.socket) -> None:
        # A duplicate, since TLS takes the socket's own descriptor away.
        self.sockets.append(sock.dup())
        if self.is_over:
            self._shut()

    def _shut(self) -> None:
        for sock in self.sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # The other side was faster.


class _Adapter(_AntiSSRFAdapter):
    """The library's adapter, with the port in the Host header and every connection under the deadline."""

    def __init__(self, policy: AntiSSRFPolicy, deadline: _Deadline) -> None:
        super().__init__(policy)
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(_pool, urllib3.HTTPConnectionPool, deadline),
            "https": partial(_pool, urllib3.HTTPSConnectionPool, deadline),
        }

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        attributes = super().build_connection_pool_key_attributes(request, verify, cert)
        request.headers["Host"] = urlsplit(request.url or "").netloc.rpartition("@")[2]
        return attributes


def _pool(kind: type[urllib3.HTTPConnectionPool], deadline: _Deadline, *args: Any, **options: Any) -> Any:
    pool = kind(*args, **options)

    class Connection(kind.ConnectionCls):  # type: ignore[name-defined]
        def _new_conn(self) -> socket.socket:
            sock: socket.socket = super()._new_conn()
            deadline.watch(sock)
            return sock

    pool.ConnectionCls = Connection
    return pool
