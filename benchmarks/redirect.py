"""What a visit to a link costs, in processor time of the server, against bare granian answering the same bytes.

Both servers run as in production (one worker here, eight threads), both are asked the same requests in alternating
rounds: of ten visits six are a new visitor's, two bring a cookie of three tokens, two are a crawler's. The redirect
has every feature on: TLS behind a proxy, host check, verdict, cookie, signed token, and a line in the spool before
the answer; once in five seconds it also reads the link from the database. The loader does not run meanwhile: it is a
process of its own. Only processor time counts, so neither the client nor whoever else uses the machine does.
"""

import os
from datetime import timedelta
from uuid import uuid4

from benchmarks import load, scratch
from benchmarks.figures import Figure, say, tell
from benchmarks.load import Work
from benchmarks.servers import Server, running

ROUNDS = 7
SECONDS = 3.0
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def request(code: str, *, agent: str = AGENT, cookie: str = "", host: str = scratch.HOST) -> bytes:
    """A visit as a browser behind a proxy makes it."""
    lines = [
        f"GET /r/{code} HTTP/1.1",
        f"Host: {host}",
        "X-Forwarded-Proto: https",
        "X-Forwarded-For: 203.0.113.7",
        f"User-Agent: {agent}",
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language: en-GB,en;q=0.9",
        "Accept-Encoding: gzip, deflate, br",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Dest: document",
        *([f"Cookie: adv={cookie}"] if cookie else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def visits() -> list[bytes]:
    """A link, and ten visits to it."""
    from django.utils import timezone

    from referrals.visits import tokens
    from referrals.visits.tokens import Token
    from rewards.plans import Benefit, PlanDocument
    from tests.factories import make_advocate, make_link, make_program

    nothing_first = PlanDocument((Benefit("advocate", "credit", fixed=1500, hold_days=14),))
    program = make_program(plan=nothing_first, utm={"utm_source": "referral", "utm_campaign": "bench"})
    link = make_link(program, make_advocate("ben"), "BEN42")
    earlier = timezone.now() - timedelta(days=1)
    known = ".".join(tokens.sign(Token(link.pk, uuid4(), earlier)) for _ in range(3))
    new, back = request("BEN42"), request("BEN42", cookie=known)
    return [new, new, new, back, request("BEN42", agent=CRAWLER)] * 2


def main() -> None:
    """Alternate between the two and tell the ratio of visits a processor-second."""
    several = (os.cpu_count() or 1) > 1
    with scratch.site():
        requests = visits()
        with (
            running(Server("benchmarks.plain:application")) as plain,
            running(Server("advocacy_platform.wsgi:application")) as ours,
        ):
            if several:
                plain.pin(0)
                ours.pin(0)
            rates: dict[Server, list[float]] = {plain: [], ours: []}
            for number in range(ROUNDS + 1):
                for server, seen in rates.items():
                    rate = _rate(server, requests, 1 if several else None)
                    # The first round warms up.
                    if number:
                        seen.append(rate)
    for name, server in (("bare granian", plain), ("redirect", ours)):
        say(f"{name}: {sorted(rates[server])[ROUNDS // 2]:,.0f} answers a processor-second")
    ratios = tuple(mine / bare for mine, bare in zip(rates[ours], rates[plain], strict=True))
    tell([Figure("redirect ÷ bare granian, by processor-second", ratios, floor=0.4, target=0.7)])


def _rate(server: Server, requests: list[bytes], processor: int | None) -> float:
    before = server.seconds()
    result = load.run(Work(server.port, requests, connections=32, seconds=SECONDS, processor=processor))
    return result.answers / (server.seconds() - before)


if __name__ == "__main__":
    main()
