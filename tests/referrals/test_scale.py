"""What the way from a fact to a reward costs does not grow with the past: no table of it is read as a whole."""

import re

import pytest
from django.db import connection

from rewards import expiring, letters
from spine import events
from tests.factories import NOON, make_advocate
from tests.rewards.living import DAY, dispute, follow, open_program, order, refund

# What grows with the past.
GROWING = re.compile(
    r"SCAN (customers_(?:person|customer|order|line|capture|refund|dispute|orderversion)"
    r"|referrals_(?:touch|conversion|decision|storyline|verdict)"
    r"|rewards_(?:occasion|award|reward|grant|transfer|account)"
    r"|spine_(?:event|auditentry)|brand_message|advocates_(?:notice|advocate|user))(?! USING (?:COVERING )?INDEX)"
)


@pytest.mark.embedded
def test_reads_no_table_of_the_past_as_a_whole(db):
    ben = make_advocate("ben")
    open_program(ben)
    order("1000")
    asked = {}

    def note(execute, sql, params, many, context):
        if not many and sql.lstrip().startswith(("SELECT", "UPDATE", "WITH", "DELETE")):
            asked.setdefault(sql, params)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        for number in range(3):
            order(f"200{number}")
        refund("r-1", 3000, of="2000")
        dispute("opened", of="2001")
        follow(NOON + 14 * DAY)
        refund("r-2", 7000, of="2000", at=NOON + 15 * DAY)
        while events.number(NOON) or letters.tell(NOON):
            pass
        expiring.warn(NOON)

    assert len(asked) > 50
    scans = []
    with connection.cursor() as cursor:
        for sql, params in asked.items():
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            plan = " | ".join(row[3] for row in cursor.fetchall())
            if GROWING.search(plan):
                scans.append((plan, sql[:300]))
    assert scans == []
