"""Asking the application in front of Django, as a server does."""

from dataclasses import dataclass
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

from referrals.redirect import Redirect
from referrals.visits.spool import parse

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


@dataclass
class Answer:
    """What came back."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def __getitem__(self, name):
        return dict(self.headers).get(name)

    @property
    def token(self):
        """The touch token in the address that the visitor is sent to."""
        return parse_qs(urlsplit(self["Location"]).query).get("adv", [""])[0]

    @property
    def cookie(self):
        """The tokens of the cookie that the visitor keeps."""
        return (self["Set-Cookie"] or "adv=;").partition(";")[0].removeprefix("adv=").split(".")


def nobody(environ, start_response):
    raise AssertionError(f"{environ['PATH_INFO']} was left to Django")


def visit(path, query="", *, behind=nobody, method="GET", server="testserver", **headers):
    """One request; headers as WSGI spells them, without HTTP_. None leaves one out."""
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": server,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "198.51.100.9",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
    }
    for name, value in {"HOST": "testserver", "USER_AGENT": CHROME, **headers}.items():
        if value is not None:
            environ[f"HTTP_{name}"] = value
    told = []
    body = b"".join(Redirect(behind)(environ, lambda status, headers: told.extend([status, headers])))
    return Answer(*told, body)


def spooled(folder):
    """Every visit that was written down."""
    lines = [line for path in folder.glob("*.clicks") for line in path.read_bytes().splitlines()]
    return [parse(line) for line in lines]
