from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from advocacy_platform import audit_search
from advocates import invitations
from spine import audit
from spine.models import AuditEntry
from tests.conftest import sign_in
from tests.factories import NOON, make_advocate, make_staff


def act(actor=("user", "u1"), verb="brand.changed", subject=("brand", "1"), at=NOON, reason=""):
    return audit.record(actor, verb, subject, at=at, reason=reason)


def found(viewer, **wanted):
    return list(audit_search.search(viewer.user, **wanted).order_by("id"))


def party(advocate):
    return ("user", str(advocate.user.public_id))


def test_finds_by_verb(ada):
    wanted = act(verb="brand.changed")
    act(verb="staff.changed")

    assert found(ada, verb="brand.changed") == [wanted]


def test_finds_by_the_actors_id(ada):
    wanted = act(actor=("user", "u1"))
    act(actor=("user", "u2"))

    assert found(ada, actor="u1") == [wanted]
    assert found(ada, actor="user:u1") == [wanted]
    assert found(ada, actor="command:u1") == []


@pytest.mark.parametrize("name", ["ben@example.com", "BEN@example.com", "ben", "Ben"])
def test_finds_by_the_actors_name(ada, ben, name):
    wanted = act(actor=party(ben))
    act(actor=party(ada))

    assert found(ada, actor=name) == [wanted]


@pytest.mark.parametrize("kind", ["user", "person"])
def test_finds_by_the_subjects_name(ada, ben, kind):
    subject = party(ben) if kind == "user" else ("person", str(ben.person_id))
    wanted = act(subject=subject)
    act()

    assert found(ada, subject="ben@example.com") == [wanted]
    assert found(ada, subject="ben") == [wanted]


def test_finds_by_the_invited_address(ada):
    invitations.invite(party(ada), "eve@example.com", ["moderator"], at=NOON)
    act()

    assert [entry.verb for entry in found(ada, subject="eve@example.com")] == ["invitation.sent"]


def test_finds_nothing_by_an_address_that_the_viewer_may_not_know(ben):
    act(actor=party(ben))
    mona = make_staff("mona", "moderator")

    assert found(mona, actor="ben@example.com") == []
    assert len(found(mona, actor="ben")) == 1


def test_counts_days_in_the_viewers_time_zone(ada):
    act(at=datetime(2026, 11, 20, 4, 59, tzinfo=UTC))
    first = act(at=datetime(2026, 11, 20, 5, 0, tzinfo=UTC))
    last = act(at=datetime(2026, 11, 22, 4, 59, tzinfo=UTC))
    act(at=datetime(2026, 11, 22, 5, 0, tzinfo=UTC))

    with timezone.override("America/New_York"):
        entries = found(ada, since=date(2026, 11, 20), until=date(2026, 11, 21))

    assert entries == [first, last]


def test_finds_by_all_at_once(ada, ben):
    wanted = act(actor=party(ben), verb="staff.changed", subject=party(ada))
    act(actor=party(ben), verb="staff.changed", subject=party(ben))
    act(actor=party(ada), verb="staff.changed", subject=party(ada))

    assert found(ada, actor="ben", verb="staff.changed", subject="ada", since=NOON.date()) == [wanted]


def test_calls_people_by_name_for_who_may_know(ada, ben):
    act(actor=party(ben), subject=("person", str(ben.person_id)), reason="He asked")
    act(actor=("command", "invite_admin"), subject=("user", "no-uuid"))

    first, second = audit_search.describe(AuditEntry.objects.select_related("reason").order_by("id"), ada.user)

    assert (first.actor, first.subject, first.reason) == ("ben@example.com", "Ben", "He asked")
    assert (second.actor, second.subject, second.reason) == ("invite_admin", "no-uuid", "")


def test_calls_people_by_their_public_name_for_a_moderator(ben):
    mona = make_staff("mona", "moderator")
    entry = act(actor=party(ben))

    [told] = audit_search.describe([entry], mona.user)

    assert told.actor == "Ben"


def test_calls_people_by_id_for_who_may_not_know(ben):
    nobody = make_staff("nobody")
    entry = act(actor=party(ben))

    [told] = audit_search.describe([entry], nobody.user)

    assert told.actor == str(ben.user.public_id)


def test_shows_the_newest_first_page_by_page(ada_client):
    for number in range(51):
        act(verb=f"thing.done{number}")

    first = ada_client.get("/manage/audit/")
    second = ada_client.get("/manage/audit/", {"after": first.context["page"].next_cursor})

    assert [told.entry.verb for told in first.context["acts"]] == [f"thing.done{number}" for number in range(50, 0, -1)]
    assert [told.entry.verb for told in second.context["acts"]] == ["thing.done0"]


def test_keeps_the_search_while_paging(ada_client):
    for number in range(102):
        act(verb="thing.done" if number % 2 else "thing.undone")

    first = ada_client.get("/manage/audit/", {"verb": "thing.done"})
    cursor = first.context["page"].next_cursor
    second = ada_client.get("/manage/audit/", {"verb": "thing.done", "after": cursor})

    assert "?verb=thing.done&amp;after=" in first.text
    assert [told.entry.verb for told in second.context["acts"]] == ["thing.done"]


def test_shows_the_reason(ada_client, ben):
    act(actor=party(ben), verb="staff.removed", reason="<i>He moved on</i>")

    page = ada_client.get("/manage/audit/")

    assert "&lt;i&gt;He moved on&lt;/i&gt;" in page.text
    assert "staff.removed" in page.text
    assert "ben@example.com" in page.text


def test_costs_the_same_with_rows_doubled(ada_client):
    def make_some():
        for _ in range(5):
            somebody, other = make_advocate(), make_advocate()
            act(actor=party(somebody), subject=("person", str(other.person_id)), reason="Why not")
            act(actor=party(other))

    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert ada_client.get("/manage/audit/").status_code == 200
        return len(captured)

    make_some()
    before = cost()
    make_some()

    assert cost() == before


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"},
        {"until": "2026-13-45"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"actor": "a" * 300},
        {"verb": "\0"},
    ],
)
def test_shows_what_is_wrong_with_a_search(ada_client, query):
    act()

    answer = ada_client.get("/manage/audit/", query)

    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("query", [{"after": "nonsense"}, {"after": "x", "before": "y"}])
def test_refuses_a_made_up_cursor(ada_client, query):
    assert ada_client.get("/manage/audit/", query).status_code == 400


@pytest.mark.parametrize("query", [{"since": "2999-12-31"}, {"actor": ":"}, {"actor": "🙂"}, {"after": ""}])
def test_answers_odd_searches(ada_client, query):
    act()

    assert ada_client.get("/manage/audit/", query).status_code == 200


def test_says_so_when_nothing_matches(ada_client):
    assert "Nothing matches" in ada_client.get("/manage/audit/", {"verb": "no.such"}).text


def test_is_read_with_each_role_and_not_without(db):
    assert sign_in(make_staff("mona", "moderator")).get("/manage/audit/").status_code == 200
    assert sign_in(make_staff("paul", "program manager")).get("/manage/audit/").status_code == 200
    assert sign_in(make_staff("nobody")).get("/manage/audit/").status_code == 403
