"""Tables as CSV that a spreadsheet opens without running anything in it."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from django.http import StreamingHttpResponse

# What begins a formula in some spreadsheet, where space before it is skipped.
_BEGINS_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Where a spreadsheet of another country takes a cell to end, quoted or not, another one may begin.
_AFTER_ANOTHER_END = re.compile(rf"([;\t\r\n]\s*)(?=[{re.escape(''.join(_BEGINS_FORMULA))}])")


class _Echo:
    def write(self, line: str) -> str:
        return line


def lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The table line by line. Text that would be taken for a formula gets an apostrophe in front; numbers stay."""
    writer = csv.writer(_Echo())
    for row in chain([head], rows):
        yield writer.writerow([_safe(cell) for cell in row])


def response(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """The table as a file to save, sent as it is read."""
    answer = StreamingHttpResponse(lines(head, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _safe(cell: object) -> object:
    if not isinstance(cell, str):
        return "" if cell is None else cell
    safe = _AFTER_ANOTHER_END.sub(r"\1'", cell)
    return f"'{safe}" if safe.lstrip().startswith(_BEGINS_FORMULA) else safe
