"""A file that is being brought in: its page says by itself how far it has come."""

import io

import pytest
from django.utils import timezone

from advocacy_platform.schedule import SWEEPS
from advocates import staff
from advocates.models import User
from customers.models import Source
from integrations.files import bringing
from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_page_tells_by_itself_when_a_file_is_read(page, site, person):
    ada = staff.party(User.objects.get(email=person("ada").email))
    past = b"Order ID,Date,Total,Currency\n1,2026-11-01,5.00,USD\n"
    source = Source.objects.get()
    table = bringing.bring(source, "orders", "past.csv", io.BytesIO(past), ada, timezone.now())
    bringing.name_columns(table, table.mapping, "", timezone.now())
    sign_in(page, site, person("ada"))
    page.goto(f"{site}/manage/shops/{source.key}/files/{table.public_id}/")
    page.get_by_role("progressbar").wait_for()

    SWEEPS["integrations.bring"].run()

    page.get_by_role("heading", name="Every row can be read").wait_for()
    assert page.get_by_role("progressbar").count() == 0
