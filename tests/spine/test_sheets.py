import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spine import sheets


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_writes_what_a_spreadsheet_reads():
    made = "".join(sheets.lines(["Name", "Amount"], [["Ben", 1500], ["Çelik, Ö", -20], [None, 0]]))

    assert read(made) == [["Name", "Amount"], ["Ben", "1500"], ["Çelik, Ö", "-20"], ["", "0"]]


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\uff1d1"])
def test_disarms_formulas(formula):
    [[cell]] = read("".join(sheets.lines([formula], [])))

    assert cell == f"'{formula}"


@pytest.mark.parametrize("ends", [";", "; ", "\t", "\r", "\n", "\r\n"])
def test_disarms_a_formula_behind_what_some_spreadsheet_takes_for_the_end_of_a_cell(ends):
    [[first, second]] = read("".join(sheets.lines([f"Ben{ends}=1+1", f"{ends}=1"], [])))

    assert (first, second) == (f"Ben{ends}'=1+1", f"{ends}'=1")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_never_begins_a_cell_with_a_formula_and_loses_nothing(text):
    [[cell]] = read("".join(sheets.lines([text], []))) or [[""]]

    assert cell.replace("'", "") == text.replace("'", "")
    for part in re.split(r"[;\t\r\n]", cell):
        assert not part.lstrip().startswith(("=", "+", "-", "@"))


def test_is_sent_as_a_file_to_save():
    answer = sheets.response("conversions", ["A"], [["b"]])

    assert answer["Content-Disposition"] == 'attachment; filename="conversions.csv"'
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert b"".join(answer.streaming_content) == b"A\r\nb\r\n"
