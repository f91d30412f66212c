"""Bringing a file in: read once into slices, named, checked as a whole, and taken slice by slice.

A slice is checked or taken by whichever worker has it; one that was killed half way takes it again, and what is known
already changes nothing. So memory is that of a slice, however long the file is.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import IO, Any

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _

from customers.facts import StillBeingTold
from customers.models import Source
from integrations.files import kinds
from integrations.files.kinds import KINDS, Bad
from integrations.models import Import, Slice
from spine import audit, due
from spine.audit import Party
from spine.nudges import nudge
from spine.refusal import Refusal

SWEEP = "integrations.bring"
SLICE = 200
MOST_COLUMNS, MOST_CELL = 200, 2000
State = Import.State


class NoTable(Refusal):
    """What was brought is no table."""

    code = "no_table"
    status = 422
    sentence = _("This is no CSV file with a line of column names and rows below it.")


class NotNamed(Refusal):
    """A column that is needed was not named."""

    code = "not_named"
    status = 422
    sentence = _("Say which column holds this: %(fields)s.")


class NotNow(Refusal):
    """The file is at another point by now."""

    code = "import_not_now"
    sentence = _("This file is at another point by now. Look at it again.")


class HasBadRows(Refusal):
    """All was to be taken, and some of it can't be."""

    code = "has_bad_rows"
    sentence = _("Some rows can't be read. Mend them and bring the file again, or take the others.")


@transaction.atomic
def bring(source: Source, kind: str, name: str, file: IO[bytes], actor: Party, at: datetime) -> Import:
    """Keep the rows of a CSV file in slices, with a guess of what its columns are. Raises NoTable."""
    rows = _rows(file)
    columns = next(rows, [])
    if not any(cell.strip() for cell in columns) or len(columns) > MOST_COLUMNS:
        raise NoTable
    kind = Import.Kind(kind)
    table = Import.objects.create(
        source=source, kind=kind, name=name[:200], columns=[cell.strip()[:100] for cell in columns],
        mapping=kinds.guess(kind, columns), created_by=actor[1], created_at=at,
    )  # fmt: skip
    table.rows = sum(_keep(table, number, chunk) for number, chunk in enumerate(_chunks(rows)))
    if not table.rows:
        raise NoTable
    table.save(update_fields=["rows"])
    audit.record(actor, "import.brought", _subject(table), at=at)
    return table


@transaction.atomic
def name_columns(table: Import, mapping: Mapping[str, int], currency: str, at: datetime) -> None:
    """Say which column is what, and have all rows checked. Raises NotNamed, NotNow."""
    missing = [str(field.label) for field in KINDS[table.kind] if field.is_needed and field.name not in mapping]
    if table.kind != Import.Kind.CUSTOMERS and "currency" not in mapping and not currency:
        missing.append(str(_("Currency")))
    if missing:
        raise NotNamed(fields=", ".join(missing))
    fresh = {"mapping": dict(mapping), "currency": currency, "state": State.CHECKING}
    _move(table, (State.MAPPING, State.CHECKED), fresh)
    table.slices.update(due_at=at, is_checked=False, good=0, bad=0, wrong=[])
    nudge(SWEEP)


@transaction.atomic
def take(table: Import, actor: Party, at: datetime, *, skip_bad: bool) -> None:
    """Take all rows, or where some are bad the others alone. Raises HasBadRows, NotNow."""
    if not skip_bad and progress(table)["bad"]:
        raise HasBadRows
    _move(table, (State.CHECKED,), {"state": State.TAKING})
    table.slices.update(due_at=at)
    audit.record(actor, "import.taken", _subject(table), at=at)
    nudge(SWEEP)


@transaction.atomic
def drop(table: Import, actor: Party, at: datetime) -> None:
    """Forget a file of which nothing was taken. Raises NotNow."""
    _move(table, (State.MAPPING, State.CHECKING, State.CHECKED), {"state": State.DROPPED, "ended_at": at})
    table.slices.all().delete()
    audit.record(actor, "import.dropped", _subject(table), at=at)


def bring_due(at: datetime) -> int:
    """Check or take the slices that are due; return how many were taken in hand."""
    count = due.deliver(Slice.objects.all(), partial(_work, at=at), at=at, batch=50)
    _end(at)
    return count


def progress(table: Import) -> Mapping[str, int]:
    """How many rows are good and bad so far, and how far it has come, in percent; one query."""
    found = table.slices.aggregate(
        good=Sum("good", default=0),
        slices=Count("pk"),
        checked=Count("pk", filter=Q(is_checked=True)),
        taken=Count("pk", filter=Q(is_taken=True)),
        bad=Sum("bad", default=0),
    )
    return {**found, "percent": _percent(table, found)}


def results(table: Import) -> dict[str, int]:
    """How many rows became what, of those that were taken."""
    found: dict[str, int] = {}
    for became in table.slices.values_list("became", flat=True).iterator():
        for result, count in became.items():
            found[result] = found.get(result, 0) + count
    return found


def wrong(table: Import) -> Iterator[tuple[int, str, str, list[str]]]:
    """What is wrong, row by row: its number, the column, why, and the row as it was brought."""
    names = {field: table.columns[place] for field, place in table.mapping.items()}
    for each in table.slices.filter(bad__gt=0).order_by("number").iterator(chunk_size=20):
        for line, field, why in each.wrong:
            yield line, names.get(field, field), why, each.cells[_place(each, line)][1:]


def _place(each: Slice, line: int) -> int:
    return next(place for place, row in enumerate(each.cells) if row[0] == line)


def _work(each: Slice, at: datetime) -> Mapping[str, Any]:
    table = each.table
    if table.state == State.CHECKING and not each.is_checked:
        return _check(each, table)
    if table.state == State.TAKING and not each.is_taken:
        return _take(each, table, at)
    return {}


def _check(each: Slice, table: Import) -> Mapping[str, Any]:
    wrong: list[list[object]] = []
    for line, *row in each.cells:
        try:
            kinds.read(table.kind, _named(table, row), table.source.key, table.currency)
        except Bad as bad:
            wrong.append([line, bad.field, bad.why])
    return {"is_checked": True, "good": len(each.cells) - len(wrong), "bad": len(wrong), "wrong": wrong}


def _take(each: Slice, table: Import, at: datetime) -> Mapping[str, Any]:
    """Raises StillBeingTold."""
    became: dict[str, int] = {}
    wrong = [list(told) for told in each.wrong if told[1]]
    bad = {told[0] for told in wrong}
    for line, *row in each.cells:
        if line in bad:
            continue
        fact, told = kinds.read(table.kind, _named(table, row), table.source.key, table.currency)
        try:
            result = kinds.take(fact, told, table.source, at)
        except StillBeingTold:
            raise
        except Refusal as refusal:
            wrong.append([line, "", refusal.detail])
        else:
            became[result] = became.get(result, 0) + 1
    bad = {told[0] for told in wrong}
    kept = [row for row in each.cells if row[0] in bad]
    fresh = {"became": became, "good": sum(became.values()), "bad": len(bad), "wrong": wrong, "cells": kept}
    return {"is_taken": True, **fresh}


def _end(at: datetime) -> None:
    """Move on the files of which every slice is through."""
    for state, is_through, fresh in (
        (State.CHECKING, "is_checked", {"state": State.CHECKED}),
        (State.TAKING, "is_taken", {"state": State.DONE, "ended_at": at}),
    ):
        for table in Import.objects.filter(state=state):
            if not table.slices.filter(**{is_through: False}).exists():
                Import.objects.filter(pk=table.pk, state=state).update(**fresh)


def _move(table: Import, states: Sequence[str], fresh: Mapping[str, Any]) -> None:
    if not Import.objects.filter(pk=table.pk, state__in=states).update(**fresh):
        raise NotNow
    for name, value in fresh.items():
        setattr(table, name, value)


def _named(table: Import, row: Sequence[str]) -> dict[str, str]:
    return {field: row[place] for field, place in table.mapping.items() if place < len(row)}


def _rows(file: IO[bytes]) -> Iterator[list[str]]:
    """The rows of a file as they are read, whatever parts their cells. Raises NoTable."""
    beginning = file.read(64 * 1024)
    file.seek(0)
    if b"\0" in beginning:
        raise NoTable
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    try:
        yield from csv.reader(text, delimiter=_delimiter(beginning.decode("utf-8-sig", errors="replace")), strict=False)
    except csv.Error as garbled:
        raise NoTable from garbled
    finally:
        text.detach()


def _delimiter(beginning: str) -> str:
    """What parts the cells of the first line."""
    head = beginning.partition("\n")[0]
    return max(",;\t|", key=head.count)


def _chunks(rows: Iterable[list[str]]) -> Iterator[list[list[object]]]:
    """The rows that say anything, each with its place behind it, in slices."""
    chunk: list[list[object]] = []
    for line, row in enumerate(rows, start=2):
        if any(cell.strip() for cell in row):
            chunk.append([line, *(cell[:MOST_CELL].replace("\0", "") for cell in row[:MOST_COLUMNS])])
        if len(chunk) == SLICE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _keep(table: Import, number: int, chunk: list[list[Any]]) -> int:
    Slice.objects.create(table=table, number=number, cells=chunk)
    return len(chunk)


def _percent(table: Import, found: Mapping[str, int]) -> int:
    done = found["taken"] if table.state in (State.TAKING, State.DONE) else found["checked"]
    return 100 * done // max(found["slices"], 1)


def _subject(table: Import) -> Party:
    return ("import", str(table.public_id))
