import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.canonical import canonical, canonical_hash


@pytest.mark.parametrize(
    ("spelling", "mailbox"),
    [
        ("Dan.Doe@Gmail.com", "dandoe@gmail.com"),
        ("d.a.n.d.o.e+shop@googlemail.com", "dandoe@gmail.com"),
        ("dan.doe+1@example.com", "dan.doe@example.com"),
        ("DAN@EXAMPLE.COM", "dan@example.com"),
        ("+only@example.com", "+only@example.com"),
        ("...@gmail.com", "...@gmail.com"),
        ("dan+@example.com", "dan@example.com"),
    ],
)
def test_knows_a_mailbox_under_every_spelling(spelling, mailbox):
    assert canonical(spelling) == mailbox


def test_tells_different_mailboxes_apart():
    assert canonical_hash("dan.doe@example.com") != canonical_hash("dandoe@example.com")
    assert canonical_hash("dandoe@gmail.com") != canonical_hash("dandoe@example.com")


@given(st.emails())
def test_changes_nothing_when_it_is_done_twice(email):
    assert canonical(canonical(email)) == canonical(email)
