"""A small mail server that speaks SMTP, and can be told to refuse, to stall or to hang up."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

DROP = "drop"


class MailServer(socketserver.ThreadingTCPServer):
    """What came in stands in `received`; `answers` overrides the reply to whatever command begins like its key."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.received: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.sessions = 0

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.sessions += 1
        if not self._reply("CONNECT", "220 ready"):
            return
        for line in self.rfile:
            command = line.decode().strip()
            verb = command.split(" ")[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            if verb == "DATA":
                if not self._take_message():
                    return
            elif not self._reply(command, "250 fine"):
                return

    def _take_message(self) -> bool:
        if not self._reply("DATA", "354 go on"):
            return False
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line)
        if not self.server.answers.get("END", "").startswith("5"):
            self.server.received.append(message_from_bytes(b"".join(lines), policy=policy.default))
        return self._reply("END", "250 taken")

    def _reply(self, command: str, usual: str) -> bool:
        told = next((a for start, a in self.server.answers.items() if command.upper().startswith(start.upper())), usual)
        if told == DROP:
            return False
        self._say(told)
        return True

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@contextmanager
def serving() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
