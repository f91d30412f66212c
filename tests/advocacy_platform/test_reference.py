import ast
import io
import re

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from advocacy_platform import metrics, reference


def test_is_what_the_code_says():
    assert reference.stale() == [], "run `manage.py make_reference`"


def test_fails_when_a_page_is_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(reference, "FOLDER", tmp_path)

    with pytest.raises(CommandError, match=r"settings\.md"):
        call_command("make_reference", "--check")

    call_command("make_reference", stdout=io.StringIO())
    call_command("make_reference", "--check")

    (tmp_path / "events.md").write_text("something else")
    with pytest.raises(CommandError, match=r"Stale: events\.md\. Run"):
        call_command("make_reference", "--check")


def test_says_what_every_variable_does():
    page = (reference.FOLDER / "settings.md").read_text()

    assert "| `SECRET_KEY` |" in page
    assert re.findall(r"^\| `(\w+)` \|.*\|\s+\|$", page, re.MULTILINE) == []


def test_reads_a_variable_with_its_default():
    tree = ast.parse('A = env.int("KEEP", default=3 * 4)\nB = env.str(f"{x}_ID", default="")')

    assert list(reference._variables(tree)) == [("KEEP", "3 * 4", 1), ("<PROVIDER>_ID", "''", 2)]


def test_alerts_only_on_what_is_measured():
    rules = (settings.BASE_DIR / "docs" / "alerts.yml").read_text()
    measured = {*metrics.GAUGES, "advocacy_requests_total", "advocacy_request_seconds_bucket"}

    assert set(re.findall(r"\badvocacy_\w+", rules)) <= measured
    for name in metrics.GAUGES:
        assert f"`{name}`" in (settings.BASE_DIR / "docs" / "operations.md").read_text()
