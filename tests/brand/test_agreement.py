from threading import Thread

import pytest
from django.db import connection
from django.urls import reverse

from brand import agreements, markdown
from brand.models import Agreement
from spine.models import AuditEntry, Event
from tests.factories import NOON

STAFF = ("user", "u1")


def publish(text="# Be kind", upon=0):
    return agreements.publish(text, upon=upon, at=NOON, actor=STAFF)


def test_publishes_a_text_as_the_next_version(db):
    publish()

    second = publish("# Be kinder", upon=1)

    assert Agreement.current() == second
    assert list(Agreement.objects.values_list("version", "text", "published_at")) == [
        (2, "# Be kinder\n", NOON),
        (1, "# Be kind\n", NOON),
    ]
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", "subject_id")) == [
        ("agreement.published", "1"),
        ("agreement.published", "2"),
    ]
    assert Event.objects.filter(name="agreement.published").count() == 2


def test_has_no_version_before_the_first(db):
    assert Agreement.current() is None


def test_publishes_the_same_text_once_when_it_is_sent_twice(db):
    first, again = publish(), publish()

    assert (first.version, again.version) == (1, 1)
    assert (Agreement.objects.count(), AuditEntry.objects.count(), Event.objects.count()) == (1, 1, 1)


def test_refuses_a_text_written_upon_an_older_version(db):
    publish()
    publish("# Be kinder", upon=1)

    with pytest.raises(agreements.PublishedMeanwhile) as refusal:
        publish("# Be brave", upon=1)

    assert refusal.value.facts == {"version": 2}
    assert Agreement.objects.count() == 2


def test_refuses_a_text_that_changes_nothing(db):
    publish()

    with pytest.raises(agreements.NothingChanged):
        publish("# Be kind\r\n", upon=1)

    assert Agreement.objects.count() == 1


def test_gives_one_version_to_one_of_many_who_publish_at_once(transactional_db):
    outcomes = []

    def race(number):
        try:
            outcomes.append(publish(f"# Text {number}").version)
        except agreements.PublishedMeanwhile:
            outcomes.append("refused")
        connection.close()

    threads = [Thread(target=race, args=(number,)) for number in range(6)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes, key=str) == [1, *["refused"] * 5]
    assert (Agreement.objects.count(), AuditEntry.objects.count(), Event.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Be *kind*", "<h2>Be <em>kind</em></h2>\n"),
        ("###### Small", "<h6>Small</h6>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ("[a](https://x.example)", '<p><a href="https://x.example" rel="noopener noreferrer">a</a></p>\n'),
        ("![a](https://x.example/pixel.gif)", "<p></p>\n"),
    ],
)
def test_renders_markdown_that_can_do_no_harm(text, html):
    assert markdown.render(text) == html


def test_shows_a_preview_without_publishing(ada_client):
    response = ada_client.post(reverse("brand:agreement_page"), {"text": "# Be *kind*", "upon": 0, "preview": "1"})

    assert response.status_code == 200
    assert "<h2>Be <em>kind</em></h2>" in response.content.decode()
    assert not Agreement.objects.exists()


def test_publishes_from_the_page(ada, ada_client):
    response = ada_client.post(reverse("brand:agreement_page"), {"text": "# Be kind", "upon": 0})

    assert (response.status_code, response.url) == (302, reverse("brand:agreement_page"))
    assert Agreement.current().text == "# Be kind\n"
    assert AuditEntry.objects.get().actor_id == str(ada.user.public_id)


def test_shows_an_older_version(ada_client):
    publish()
    publish("# Be kinder", upon=1)

    page = ada_client.get(reverse("brand:agreement_version", args=[1])).content.decode()

    assert "<h2>Be kind</h2>" in page


@pytest.mark.parametrize("version", [3, 10**18, 10**30])
def test_answers_404_to_a_version_that_is_none(ada_client, version):
    response = ada_client.get(f"/manage/agreement/{version}/")

    assert response.status_code == 404


def test_hides_the_agreement_page_from_an_outsider(dan_client):
    response = dan_client.post(reverse("brand:agreement_page"), {"text": "# Be bad", "upon": 0})

    assert response.status_code == 404
    assert not Agreement.objects.exists()
