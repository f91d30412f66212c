import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.plans import BadPlan, Benefit, PlanDocument
from spine.money import Unit

CREDIT = Benefit("advocate", "credit", fixed=1500, hold_days=14)


@given(fixed=st.integers(1, 2**53 - 1), percent=st.integers(1, 10_000), hold=st.integers(0, 365))
def test_reads_what_it_wrote(fixed, percent, hold):
    document = PlanDocument(
        (Benefit("advocate", "points", fixed=fixed, hold_days=hold), Benefit("friend", "cash", percent=percent))
    )

    assert PlanDocument.read(document.written()) == document


def test_finds_the_benefit_of_a_side():
    document = PlanDocument((CREDIT,))

    assert document.of("advocate") == CREDIT
    assert document.of("friend") is None


@pytest.mark.parametrize(
    ("kind", "unit"),
    [("credit", Unit("credit", "USD")), ("cash", Unit("cash", "USD")), ("points", Unit("points")), ("perk", None)],
)
def test_counts_in_what_it_buys(kind, unit):
    amount = {} if kind == "perk" else {"fixed": 1}

    assert Benefit("advocate", kind, **amount).unit("USD") == unit


@pytest.mark.parametrize(
    "benefit",
    [
        {"side": "shop", "kind": "credit", "fixed": 1},
        {"side": "friend", "kind": "gold", "fixed": 1},
        {"side": "friend", "kind": "credit"},
        {"side": "friend", "kind": "credit", "fixed": 1, "percent": 1},
        {"side": "friend", "kind": "credit", "fixed": 0},
        {"side": "friend", "kind": "credit", "percent": 10_001},
        {"side": "friend", "kind": "credit", "percent": 0},
        {"side": "advocate", "kind": "discount_code", "when": "before", "percent": 1000},
        {"side": "friend", "kind": "credit", "when": "before", "fixed": 1},
        {"side": "friend", "kind": "credit", "when": "never", "fixed": 1},
        {"side": "friend", "kind": "credit", "fixed": 1, "hold_days": 366},
    ],
)
def test_refuses_what_nobody_can_keep(benefit):
    with pytest.raises(BadPlan):
        Benefit(**benefit)


def test_refuses_two_benefits_of_one_side():
    with pytest.raises(BadPlan):
        PlanDocument((CREDIT, CREDIT))


@pytest.mark.parametrize(
    "document", [{}, {"schema": 3, "benefits": []}, {"schema": 1, "benefits": [{"side": "friend"}]}]
)
def test_refuses_a_document_that_it_does_not_know(document):
    with pytest.raises(BadPlan):
        PlanDocument.read(document)
