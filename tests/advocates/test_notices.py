import pytest
from django.urls import reverse

from advocates import notices
from advocates.models import Advocate, Notice
from tests.factories import NOON

PAGE = reverse("notices")


def give(advocate, key="one", text="$15 is free to use."):
    return notices.give([Notice(key=key, person=advocate.person, text=text, path="/rewards/", at=NOON)])


def test_tells_once_and_shows_that_there_is_news(cleo, cleo_client):
    assert len(give(cleo)) == 1
    assert give(cleo, text="Again.") == []

    page = cleo_client.get(PAGE).content.decode()

    assert page.count("$15 is free to use.") == 1
    assert "Notices, with news" in page
    assert "Again." not in page


def test_is_read_only_when_its_reader_says_so(cleo, cleo_client):
    last = give(cleo)[0].pk
    give(cleo, "two", "A second one.")
    cleo_client.get(PAGE)
    assert Advocate.objects.get(pk=cleo.pk).has_news

    cleo_client.post(PAGE, {"last": last})
    assert Advocate.objects.get(pk=cleo.pk).has_news
    cleo_client.post(PAGE, {"last": Notice.objects.latest("pk").pk})

    assert not Advocate.objects.get(pk=cleo.pk).has_news
    assert "Notices, with news" not in cleo_client.get(PAGE).content.decode()


@pytest.mark.parametrize("last", ["", "x", "-1", "9" * 30, "٣", "99999999"])
def test_what_is_no_notice_marks_nothing(cleo, cleo_client, last):
    give(cleo)

    assert cleo_client.post(PAGE, {"last": last}).status_code == 302

    assert Advocate.objects.get(pk=cleo.pk).has_news


def test_nobody_reads_what_others_were_told(cleo, dan_client, dan):
    give(cleo)

    page = dan_client.get(PAGE).content.decode()

    assert "$15" not in page
    assert "Nothing yet" in page
    assert not Advocate.objects.get(pk=dan.pk).has_news


@pytest.mark.parametrize("count", [1, 15])
def test_costs_the_same_for_many(cleo, cleo_client, django_assert_num_queries, count):
    for number in range(count):
        give(cleo, f"{number}")

    with django_assert_num_queries(4):
        cleo_client.get(PAGE)
