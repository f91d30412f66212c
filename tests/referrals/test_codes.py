import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from referrals.share import codes, rude_words
from tests.factories import make_link, make_program


def test_makes_codes_that_are_hard_to_mistake():
    made = {codes.make() for _round in range(500)}

    assert len(made) == 500
    assert {len(code) for code in made} == {8}
    assert set("".join(made)) <= set("3479CDFHJKMNPQRTVWXY")


def test_makes_no_code_that_spells_something(monkeypatch):
    drawn = iter("FCK34FCK" + "CDFHJKMN")
    monkeypatch.setattr(codes.secrets, "choice", lambda alphabet: next(drawn))

    assert codes.make() == "CDFHJKMN"


@given(st.text())
@example("\u0390")
@example("\ufdfa")
@example("stra\u00dfe")
@example("\u0149")
def test_folds_once_and_for_all(text):
    assert codes.fold(codes.fold(text)) == codes.fold(text)


@given(st.from_regex(r"[A-Za-z0-9-]{1,30}", fullmatch=True))
def test_takes_capitals_and_small_letters_for_the_same(text):
    assert codes.key(text) == codes.key(text.lower()) == codes.key(f" {text.upper()}\n")


def test_takes_wide_letters_for_the_same():
    assert codes.fold("\uff22\uff45\uff4e\uff14\uff12") == "BEN42"


def test_finds_a_code_however_it_is_written(db, cleo):
    link = make_link(make_program(), cleo, "BEN42")

    assert codes.find(" ben42 ").link == link
    assert codes.find("BEN4") is None
    assert codes.find("") is None
    assert codes.find("B" * 41) is None
    assert codes.find("\ud800\x00") is None


@pytest.mark.parametrize(
    ("text", "kept"), [("ben", "BEN"), (" Ben-42 ", "BEN-42"), ("a1b", "A1B"), ("x" * 30, "X" * 30), ("2-2", "2-2")]
)
def test_takes_an_alias(text, kept):
    assert codes.alias(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "ab",
            "x" * 31,
            "-ben",
            "ben-",
            "ben_",
            "ben.",
            "_ben",
            "be--n",
            "be n",
            "ben\n1",
            "b\u00e9n",
            "\u0432en",
        ),
        *("ben/", "../ben", "ben%20", "<b>", "ben\0", "\u0660\u0661\u0662", "\ud800ben"),
        *("fuck", "F-U-C-K", "5H1T", "xxFUCKxx", "a55", "tits", "n1gger", "wtf-now", "my-4ss"),
    ],
)
def test_refuses_what_cannot_be_an_alias(text):
    with pytest.raises(codes.AliasNotAllowed):
        codes.alias(text)


@pytest.mark.parametrize("text", ["admin", "Ad-Min", "SUPPORT", "null", "my-brand", "mybrand"])
def test_refuses_to_pass_for_the_brand(text):
    with pytest.raises(codes.AliasReserved):
        codes.alias(text, brand="My Brand!")


@pytest.mark.parametrize(
    "text", ["grass", "peacock", "scunthorpe", "document", "assemble", "analyst", "essex", "hello"]
)
def test_leaves_decent_words_alone(text):
    assert codes.alias(text) == text.upper()


@given(st.text())
def test_never_keeps_an_alias_that_is_not_one(text):
    try:
        kept = codes.alias(text)
    except (codes.AliasNotAllowed, codes.AliasReserved):
        return
    assert 3 <= len(kept) <= 30
    assert kept[0].isalnum()
    assert kept[-1].isalnum()
    assert set(kept) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
    assert codes.alias(kept) == kept


def test_knows_only_capitals_as_rude_words():
    words = {*rude_words.ANYWHERE, *rude_words.ALONE}

    assert all(word.isalpha() and word.isupper() for word in words)
