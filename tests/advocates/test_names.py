import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from advocates import names


@pytest.mark.parametrize(
    "name", ["Nora Berg", "Zoë", "李雷", "می‌خواهم", "👩‍🚀", "Ben-Ami d'Arc", "O\u0301scar", "العربية"]
)
def test_takes_names_of_any_script(name):
    names.validate_one_line(name)
    names.validate_visible(name)


@pytest.mark.parametrize("name", ["Nora\nBerg", "Nora\rBerg", "\u202egreB", "Nora\u2028Berg", "Nora\x00", "a\ufeffb"])
def test_refuses_what_breaks_or_turns_a_line(name):
    with pytest.raises(ValidationError):
        names.validate_one_line(name)


@pytest.mark.parametrize("name", ["\u200d", "\u200c\u200d", "\u3000", "\u0301"])
def test_refuses_a_name_that_nobody_sees(name):
    with pytest.raises(ValidationError):
        names.validate_visible(name)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs", "M"]), max_size=60))
def test_takes_every_line_of_ordinary_characters(text):
    names.validate_one_line(text)
