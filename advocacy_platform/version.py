"""The running version, read from the changelog, which is the one place that says it."""

import re
from pathlib import Path


def read() -> str:
    """The newest released heading of CHANGELOG.md (`## 0.1.0 — 2026-11-21`); an `Unreleased` heading is passed over."""
    changelog = Path(__file__).resolve().parent.parent / "CHANGELOG.md"
    released = re.search(r"^## (\d+\.\d+\.\d+)", changelog.read_text(encoding="utf-8"), re.MULTILINE)
    return released[1] if released else "0.0.0"
