from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.visits import tokens
from referrals.visits.tokens import Token
from tests.factories import NOON

CLICK = UUID("5b0b6a3e-64a4-4b5b-9f5d-1f8e0f6f6f10")


@pytest.fixture(autouse=True)
def _keys_are_read_anew(settings):
    yield
    tokens._keys.cache_clear()
    tokens._newest.cache_clear()


def use_keys(settings, **keys: str) -> None:
    settings.TOUCH_KEYS = {name.removeprefix("k"): value for name, value in keys.items()}
    tokens._keys.cache_clear()
    tokens._newest.cache_clear()


@given(
    link=st.integers(1, 2**63 - 1),
    millis=st.integers(0, int(NOON.timestamp()) * 1000),
)
def test_reads_what_it_signed(link, millis):
    token = Token(link, uuid4(), datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis))

    assert tokens.read(tokens.sign(token), NOON) == token


def test_fits_into_a_cookie_and_an_address():
    text = tokens.sign(Token(7, CLICK, NOON))

    assert len(text) == tokens.LENGTH == 66
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(place=st.integers(0, tokens.LENGTH - 1), character=st.sampled_from("AZaz09-_.=%é\0"))
def test_refuses_what_was_changed(place, character):
    text = tokens.sign(Token(7, CLICK, NOON))
    changed = text[:place] + character + text[place + 1 :]

    read = tokens.read(changed, NOON)

    assert read is None or changed == text


def test_has_one_spelling():
    text = tokens.sign(Token(7, CLICK, NOON))
    spellings = [text[:-1] + last for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]

    assert [spelling for spelling in spellings if tokens.read(spelling, NOON)] == [text]


@pytest.mark.parametrize("text", ["", "a:b:c", "%00", "x" * 8192, "A" * 66, "A" * 65, "é" * 66, "=" * 66])
def test_refuses_what_is_no_token(text):
    assert tokens.read(text, NOON) is None


def test_refuses_a_token_from_the_future():
    ahead = tokens.sign(Token(7, CLICK, NOON + timedelta(minutes=5)))
    further = tokens.sign(Token(7, CLICK, NOON + timedelta(minutes=5, milliseconds=1)))

    assert tokens.read(ahead, NOON) == Token(7, CLICK, NOON + timedelta(minutes=5))
    assert tokens.read(further, NOON) is None


def test_reads_older_keys_and_signs_with_the_newest(settings):
    use_keys(settings, k1="0a" * 32)
    old = tokens.sign(Token(7, CLICK, NOON))

    use_keys(settings, k1="0a" * 32, k2="0b" * 32)
    new = tokens.sign(Token(7, CLICK, NOON))

    assert tokens.read(old, NOON) == tokens.read(new, NOON) == Token(7, CLICK, NOON)
    use_keys(settings, k2="0b" * 32)
    assert tokens.read(old, NOON) is None
    assert tokens.read(new, NOON) == Token(7, CLICK, NOON)
