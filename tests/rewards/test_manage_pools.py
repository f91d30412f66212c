from datetime import UTC, datetime
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rewards import pools
from rewards.models import Pool, PoolCode, Scheme
from spine.models import AuditEntry
from tests.conftest import sign_in
from tests.factories import NOON, make_staff

POOLS, CREATE = reverse("rewards:pools"), reverse("rewards:create_pool")
ACTOR = ("user", "u-1")


@pytest.fixture
def scheme(db):
    return Scheme.objects.create(name="Give ten", created_at=NOON)


def make_pool(scheme, *texts, name="Ten off"):
    pool = pools.create(scheme, name, ACTOR, NOON)
    if texts:
        pools.fill(pool, texts, ACTOR, NOON)
    return pool


def page(pool):
    return reverse("rewards:pool", args=[pool.public_id])


def upload(client, pool, content=b"", text="", **fields):
    file = {"file": SimpleUploadedFile("codes.csv", content)} if content else {}
    return client.post(page(pool), {"text": text, **file, **fields})


def text(answer):
    return unescape(answer.content.decode())


def test_lists_pools_with_what_is_left(ada_client, scheme):
    make_pool(scheme, *(f"C{number}" for number in range(60)), name="Full")
    low = make_pool(scheme, "A1", "B2", name="Low")
    pools.take(low, "dan", NOON)
    make_pool(scheme, name="Empty")

    answer = ada_client.get(POOLS)

    assert [(row.pool.name, row.left, row.given) for row in answer.context["rows"]] == [
        ("Empty", 0, 0),
        ("Low", 1, 1),
        ("Full", 60, 0),
    ]
    for word in ("Filled", "Running low", "Empty", "Give ten"):
        assert word in text(answer)


def test_says_what_to_do_without_a_pool(ada_client, db):
    assert "No codes to hand out" in text(ada_client.get(POOLS))


def test_asks_the_same_for_many_pools_as_for_one(ada_client, scheme):
    def count():
        with CaptureQueriesContext(connection) as asked:
            ada_client.get(POOLS)
        return len(asked)

    make_pool(scheme, "A1")
    count()
    few = count()
    for number in range(6):
        make_pool(scheme, f"B{number}", name=f"Pool {number}")

    assert count() == few


def test_makes_a_pool(ada_client, ada, scheme):
    answer = ada_client.post(CREATE, {"scheme": scheme.pk, "name": "Ten off"})

    pool = Pool.objects.get()
    assert (answer.status_code, answer.url) == (302, page(pool))
    assert (pool.scheme, pool.name) == (scheme, "Ten off")
    assert AuditEntry.objects.get(verb="pool.created").actor_id == str(ada.user.public_id)


def test_refuses_a_pool_without_a_name(ada_client, scheme):
    assert ada_client.get(CREATE).status_code == 200
    assert ada_client.post(CREATE, {"scheme": scheme.pk, "name": ""}).status_code == 422
    assert not Pool.objects.exists()


def test_takes_pasted_codes(ada_client, scheme):
    pool = make_pool(scheme)

    answer = upload(ada_client, pool, text="A1\r\nB2\r\n", expires_on="2026-12-31")

    assert (answer.status_code, answer.url) == (302, page(pool))
    expires = {code.expires_at for code in PoolCode.objects.all()}
    assert expires == {datetime(2026, 12, 31, 23, 59, 59, 999999, UTC)}
    assert PoolCode.objects.count() == 2


def test_takes_a_file_of_codes(ada_client, scheme):
    pool = make_pool(scheme)

    answer = upload(ada_client, pool, '\ufeffCode,Uses\r\nA1,0\r\n"B2",0'.encode())

    assert answer.status_code == 302
    assert set(PoolCode.objects.values_list("text", flat=True)) == {"A1", "B2"}


def test_tells_the_wrong_lines(ada_client, scheme):
    pool = make_pool(scheme, "A1")

    answer = upload(ada_client, pool, b"B2\nb 3\n\xff\xfe\n" + b"B2\n" * 60)

    assert answer.status_code == 422
    assert "None of these codes was taken" in text(answer)
    assert [line.number for line in answer.context["wrong"]] == list(range(2, 52))
    assert "And 12 more lines." in text(answer)
    assert PoolCode.objects.get().text == "A1"


@pytest.mark.parametrize(
    ("content", "pasted", "why"),
    [
        (b"", "", "Paste the codes, or choose a file with them."),
        (b"A1", "B2", "Paste the codes, or choose a file with them."),
        (b"\n\n", "", "There is no code in it."),
        (b"\n".join(b"C%d" % number for number in range(50_001)), "", "Upload at most 50000 codes at once."),
    ],
)
def test_says_why_an_upload_is_refused(ada_client, scheme, content, pasted, why):
    pool = make_pool(scheme)

    answer = upload(ada_client, pool, content, pasted)

    assert answer.status_code == 422
    assert why in text(answer)
    assert not PoolCode.objects.exists()


def test_is_for_who_may_manage_pools(scheme):
    client = sign_in(make_staff("mod", "moderator"))
    pool = make_pool(scheme)

    assert [client.get(path).status_code for path in (POOLS, CREATE, page(pool))] == [403, 403, 403]
    assert client.post(CREATE, {"scheme": scheme.pk, "name": "Mine"}).status_code == 403
    assert Pool.objects.get() == pool


def test_finds_no_pool_that_there_is_not(ada_client, scheme):
    assert ada_client.get(reverse("rewards:pool", args=[scheme.public_id])).status_code == 404


def test_stands_in_the_navigation_of_who_may_manage_pools(ada_client, db):
    assert f'href="{POOLS}"' in text(ada_client.get(POOLS))
