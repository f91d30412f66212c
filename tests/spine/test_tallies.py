from spine import tallies
from spine.models import Cursor
from tests.chores.models import Chore
from tests.factories import NOON


def test_counts_what_several_questions_find_in_one_query(db, django_assert_num_queries):
    Chore.objects.bulk_create(Chore(due_at=NOON) for _ in range(3))
    Cursor.objects.create(name="it's", position=5)

    with django_assert_num_queries(1):
        found = tallies.count(
            {
                "both": [Chore.objects.filter(due_at=NOON), Cursor.objects.filter(name="it's").order_by("name")],
                "none": [Chore.objects.filter(due_at=None)],
                "empty": [Cursor.objects.exclude(name="it's")],
            }
        )

    assert found == {"both": 4, "none": 0, "empty": 0}


def test_asks_nothing_where_nothing_is_asked(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert tallies.count({}) == {}
