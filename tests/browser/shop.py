"""A small shop that stands in for the brand's own: it keeps what the snippet gives it and tells of its orders."""

import html
import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Coffee</title><script src="{site}/a.js" defer></script></head>
<body><h1>Coffee, 50 dollars</h1>
<form method="post" action="/order">
<label>Email <input name="email" type="email"></label>
<label>Discount code <input name="coupon"></label>
<input type="hidden" name="tokens" data-advocacy-tokens>
<button>Buy</button>
</form></body></html>"""
THANKS = "<!doctype html><html lang=en><title>Thanks</title><h1>Order {number}: {answer}</h1></html>"


class Shop:
    """One shop: where it stands, whom it tells, and under which key."""

    def __init__(self, site: str, token: str, source: str) -> None:
        self.site, self.token, self.source = site, token, source
        self.url = ""
        self.orders: list[dict] = []

    def sell(self, email: str, coupon: str, tokens: str, at: str) -> dict:
        """Take one order of $50, less 10 % with a coupon, and tell the platform; its answer."""
        number = str(1001 + len(self.orders))
        lines = [{"id": "1", "kind": "goods", "amount": 5000}, {"id": "2", "kind": "tax", "amount": 400}]
        if coupon:
            lines.append({"id": "3", "kind": "discount", "amount": -500})
        touches = {"tokens": tokens.split(".") if tokens else []} | ({"coupon": coupon} if coupon else {})
        order = {
            "source": self.source,
            "id": number,
            "currency": "USD",
            "placed_at": at,
            "customer": {"id": f"c-{number}", "email": email},
            "lines": lines,
            "touches": touches,
            "payment_fingerprint": f"card-{number}",
        }
        self.orders.append(order)
        return self.tell("orders", order)

    def tell(self, path: str, body: dict) -> dict:
        """What the platform's API answers."""
        request = urllib.request.Request(
            f"{self.site}/api/v1/{path}",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)


@contextmanager
def opened(site: str, token: str, source: str, now) -> Iterator[Shop]:
    """A shop that is open; `now()` is when its orders are placed."""
    shop = Shop(site, token, source)

    class Counter(BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(PAGE.format(site=site))

        def do_POST(self):
            told = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            field = {name: values[0] for name, values in told.items()}
            answer = shop.sell(field["email"], field.get("coupon", ""), field.get("tokens", ""), now().isoformat())
            self.answer(THANKS.format(number=shop.orders[-1]["id"], answer=html.escape(answer["result"])))

        def answer(self, page: str) -> None:
            body = page.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    shop.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
