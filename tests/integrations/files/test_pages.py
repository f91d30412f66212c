import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from customers.models import Order
from integrations.files import bringing
from integrations.models import Import
from spine import clock
from tests.factories import make_source
from tests.integrations.files.test_bringing import BAD, ORDERS


def upload(client, text, kind="orders"):
    told = {"kind": kind, "file": SimpleUploadedFile("past.csv", text.encode())}
    return client.post(reverse("integrations:files", args=["shop"]), told)


def at(name, table):
    return reverse(f"integrations:{name}", args=["shop", table.public_id])


def work():
    while bringing.bring_due(clock.now()):
        pass


@pytest.fixture
def shop(db):
    return make_source()


def test_brings_a_file_in_from_the_first_page_to_the_last(ada_client, shop):
    answer = upload(ada_client, ORDERS)
    table = Import.objects.get()
    assert answer.url == at("file_columns", table)
    columns = ada_client.get(answer.url).content.decode()
    assert "past.csv has 2 rows." in columns
    assert "dan@example.com" in columns

    told = {name: str(place) for name, place in table.mapping.items()}
    answer = ada_client.post(at("file_columns", table), told)
    assert answer.url == at("file", table)
    assert "We read every row" in ada_client.get(answer.url).content.decode()
    work()
    assert "Every row can be read" in ada_client.get(answer.url).content.decode()

    ada_client.post(at("take_file", table), {"rows": "all"})
    work()

    done = ada_client.get(at("file", table)).content.decode()
    assert Order.objects.count() == 2
    assert "New, and taken." in done
    assert "All past customers are in" in done


def test_shows_and_gives_back_what_is_wrong(ada_client, shop):
    upload(ada_client, BAD)
    table = Import.objects.get()
    ada_client.post(at("file_columns", table), {name: str(place) for name, place in table.mapping.items()})
    work()

    page = ada_client.get(at("file", table)).content.decode()
    refused = ada_client.post(at("take_file", table), {"rows": "all"})
    sheet = b"".join(ada_client.get(at("bad_rows", table)).streaming_content).decode()

    assert "2 can be taken, 4 can" in page
    assert "Write a day as 2026-11-21" in page
    assert refused.status_code == 409
    assert sheet.splitlines()[0].startswith("Row,Column,What is wrong,Order ID")
    assert "4,Created at," in sheet
    assert not Order.objects.exists()


def test_says_that_a_file_is_no_table(ada_client, shop):
    answer = upload(ada_client, "just words")

    assert answer.status_code == 422
    assert "This is no CSV file" in answer.content.decode()


def test_asks_again_for_a_column(ada_client, shop):
    upload(ada_client, ORDERS)
    table = Import.objects.get()

    answer = ada_client.post(at("file_columns", table), {"id": "0", "placed_at": "1", "total": "2"})

    assert answer.status_code == 422
    assert "Say which column holds this: Currency." in answer.content.decode()


def test_forgets_a_file(ada_client, shop):
    upload(ada_client, ORDERS)

    ada_client.post(at("drop_file", Import.objects.get()))

    assert Import.objects.get().state == "dropped"
    assert "past.csv" in ada_client.get(reverse("integrations:files", args=["shop"])).content.decode()


def test_lets_nobody_in_who_does_not_keep_the_shops(cleo_client, ada_client, shop):
    upload(ada_client, ORDERS)

    assert cleo_client.get(at("file", Import.objects.get())).status_code == 404
