"""Notices, while developing, that a source file has changed."""

import time
from collections.abc import Iterator
from pathlib import Path

PASSED_OVER = {"var", "tests", "static", "staticfiles", "docs", "benchmarks", "node_modules", "__pycache__"}


class Sources:
    """The Python files and templates of a project, looked at once a second at most."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen = self._newest()
        self._looked = time.monotonic()

    def changed(self) -> bool:
        """Whether a file was changed, added or removed since this was last asked."""
        if time.monotonic() - self._looked < 1:
            return False
        self._looked = time.monotonic()
        before, self._seen = self._seen, self._newest()
        return before != self._seen

    def _newest(self) -> tuple[int, float]:
        times = [path.stat().st_mtime for path in _files(self._root) if path.exists()]
        return len(times), max(times, default=0.0)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.suffix in {".py", ".html", ".txt"} and path.is_file():
            yield path
        elif path.is_dir() and not path.name.startswith(".") and path.name not in PASSED_OVER:
            yield from _files(path)
