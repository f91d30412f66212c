from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from referrals.decide.velocity import Credits
from tests.factories import NOON

BEN, CLEO = UUID(int=1), UUID(int=2)
ADVOCATES = st.sampled_from([BEN, CLEO])
LINKS = st.sampled_from([None, 1, 2])
INSTANTS = st.integers(0, 5).map(lambda hours: NOON + timedelta(hours=hours))
ACTS = st.lists(st.tuples(st.integers(0, 3), st.none() | st.tuples(ADVOCATES, INSTANTS, LINKS)), max_size=12)


SPANS = st.tuples(INSTANTS, INSTANTS).map(sorted)


@given(st.lists(st.tuples(ADVOCATES, INSTANTS, LINKS), max_size=6), ACTS, ADVOCATES, SPANS, LINKS, st.integers(0, 4))
def test_counts_as_reading_them_one_by_one_would(before, acts, advocate, span, link, besides):
    since, until = span
    told = Credits()
    for earlier in before:
        told.add(*earlier)
    standing = {}
    for conversion, credit in acts:
        told.remove(conversion)
        standing.pop(conversion, None)
        if credit:
            told.add(*credit, conversion)
            standing[conversion] = credit

    found = told.count(advocate, since, until, by_code=link, besides=besides)

    others = [*before, *(credit for conversion, credit in standing.items() if conversion != besides)]
    assert found == sum(
        whose == advocate and since <= at < until and link in (None, by_code) for whose, at, by_code in others
    )
