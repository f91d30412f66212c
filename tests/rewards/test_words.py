import pytest

from rewards import words
from rewards.plans import Benefit

NARROW = "\u00a0"


@pytest.mark.parametrize(
    ("benefit", "promise", "brief"),
    [
        (Benefit("advocate", "credit", fixed=1500), "$15 in credit", "$15"),
        (Benefit("advocate", "cash", fixed=1250), "$12.50 in cash", "$12.50"),
        (Benefit("advocate", "points", fixed=1200), "1,200 points", "1,200 points"),
        (Benefit("friend", "discount_code", "before", fixed=500), "$5 off", "$5"),
        (Benefit("friend", "discount_code", "before", percent=1000), f"10{NARROW}% off", f"10{NARROW}%"),
        (Benefit("advocate", "credit", percent=1250), f"12.5{NARROW}% of the order in credit", f"12.5{NARROW}%"),
        (Benefit("advocate", "cash", percent=1), f"0.01{NARROW}% of the order in cash", f"0.01{NARROW}%"),
        (Benefit("advocate", "points", percent=10_000), f"100{NARROW}% of the order in points", f"100{NARROW}%"),
        (Benefit("friend", "goods", words="a bag of beans"), "a bag of beans", "a bag of beans"),
        (Benefit("friend", "perk"), "a surprise", "a surprise"),
    ],
)
def test_says_what_a_benefit_promises(benefit, promise, brief):
    assert (words.promise(benefit, "USD", "en"), words.brief(benefit, "USD", "en")) == (promise, brief)


def test_writes_amounts_and_shares_as_the_reader_does():
    assert words.promise(Benefit("advocate", "credit", fixed=123450), "EUR", "de") == "1.234,50\u00a0€ in credit"
    assert words.brief(Benefit("advocate", "credit", percent=1250), "EUR", "de") == f"12,5{NARROW}%"
    assert words.brief(Benefit("advocate", "cash", fixed=1500), "JPY", "en") == "¥1,500"
    assert words.brief(Benefit("advocate", "cash", fixed=1500), "KWD", "en") == "KWD1.500"
