from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.terms import KINDS, LINE_KINDS, PRESETS, BadTerms, Precedence, TermsDocument

TERMS = TermsDocument()


@st.composite
def documents(draw):
    kinds = draw(st.permutations(KINDS))
    cut = draw(st.integers(1, len(kinds)))
    groups = tuple(group for group in (tuple(kinds[:cut]), tuple(kinds[cut:])) if group)
    most = st.none() | st.integers(1, 1000)
    return TermsDocument(
        window_days=draw(st.integers(1, 730)),
        precedence=Precedence(groups, draw(st.sampled_from(["first", "last"]))),
        signup=draw(st.booleans()),
        minimum_order=draw(st.integers(0, 10**9)),
        counts=tuple(draw(st.lists(st.sampled_from(LINE_KINDS), min_size=1, unique=True))),
        cap_per_advocate=draw(most),
        cap_total=draw(most),
        countries=tuple(draw(st.lists(st.sampled_from(["NO", "SE", "DE"]), unique=True))),
    )


@given(documents())
def test_reads_what_it_wrote(document):
    assert TermsDocument.read(document.written()) == document


@pytest.mark.parametrize("preset", PRESETS)
def test_lets_a_granted_claim_go_before_everything(preset):
    assert TERMS.with_preset(preset).precedence.groups[0] == ("manual",)


@pytest.mark.parametrize(
    "change",
    [
        {"window_days": 0},
        {"window_days": 731},
        {"new_customer": "friends"},
        {"new_customer": "lapsed"},
        {"lapsed_months": 3},
        {"orders": "months"},
        {"orders": "first", "order_months": 3},
        {"orders": "none"},
        {"counts": ()},
        {"counts": ("goods", "tips")},
        {"minimum_order": -1},
        {"stop_at": 0},
        {"stop_at": 101},
        {"cap_total": 0},
        {"cap_per_advocate": 0},
    ],
)
def test_refuses_terms_that_nobody_can_decide_by(change):
    with pytest.raises(BadTerms):
        replace(TERMS, **change)


@pytest.mark.parametrize(
    "groups",
    [
        (),
        (("manual", "coupon", "code", "link"),),
        (("manual", "coupon", "code", "link", "invite", "link"),),
        (("manual", "coupon", "code", "link", "rumour"),),
    ],
)
def test_refuses_a_precedence_without_a_place_for_each_kind(groups):
    with pytest.raises(BadTerms):
        Precedence(groups, "last")


@pytest.mark.parametrize("document", [{}, {"schema": 2}, {"schema": 1}, {**TERMS.written(), "luck": 7}])
def test_refuses_a_document_that_it_does_not_know(document):
    with pytest.raises(BadTerms):
        TermsDocument.read(document)
