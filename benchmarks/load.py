"""Clients that ask without a pause over connections that stay open, each next request when the last is answered."""

import multiprocessing
import os
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

TOKEN = re.compile(rb"[?&]adv=([\w-]{66})")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END = b"\r\n\r\n"


@dataclass(frozen=True)
class Work:
    """What one client process does: ask these requests in turn, over so many connections, for so many seconds."""

    port: int
    requests: Sequence[bytes]
    connections: int
    seconds: float
    # How a good answer begins; others are not counted.
    begins: bytes = b"HTTP/1.1 302 "
    # On which processor the client stays; anywhere if None.
    processor: int | None = None
    keeps_tokens: bool = False


@dataclass
class Result:
    """How many answers were good and, where asked for, the tokens in them."""

    answers: int
    tokens: list[bytes]


def run(work: Work, *, clients: int = 1) -> Result:
    """Let so many processes do the work beside each other, and add up."""
    with multiprocessing.get_context("spawn").Pool(clients) as pool:
        results = pool.map(ask, [work] * clients)
    return Result(sum(result.answers for result in results), [t for result in results for t in result.tokens])


def ask(work: Work) -> Result:
    """Do the work in this process: each round asks on every connection, then reads every answer."""
    if work.processor is not None:
        os.sched_setaffinity(0, {work.processor})
    result = Result(0, [])
    ends = time.monotonic() + work.seconds
    open_ = [_Connection(work.port) for _ in range(work.connections)]
    turn = 0
    while time.monotonic() < ends:
        for connection in open_:
            connection.send(work.requests[turn % len(work.requests)])
            turn += 1
        for answer in [connection.answer() for connection in open_]:
            result.answers += answer.startswith(work.begins)
            if work.keeps_tokens:
                result.tokens += TOKEN.findall(answer)
    for connection in open_:
        connection.close()
    return result


class _Connection:
    """One connection, opened again when it has broken, as browsers do."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> None:
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=5)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(request)
        except OSError:
            self.close()
            time.sleep(0.002)

    def answer(self) -> bytes:
        """One whole answer; nothing if none came."""
        read = b""
        try:
            while self._socket and not _is_whole(read):
                more = self._socket.recv(65536)
                if not more:
                    raise ConnectionError
                read += more
        except OSError:
            self.close()
            return b""
        return read

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = None


def _is_whole(read: bytes) -> bool:
    head, end, body = read.partition(END)
    told = LENGTH.search(head)
    return bool(end) and len(body) >= (int(told[1]) if told else 0)
