import threading
import uuid
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from advocates import invitations, staff
from advocates.models import StaffInvitation, User
from brand.models import Message
from spine import clock
from spine.models import AuditEntry, Event
from tests.conftest import sign_in
from tests.factories import NOON, PASSWORD, make_staff


def roles_of(user):
    return {group.name for group in User.objects.get(pk=user.pk).groups.all()}


def invite(email="eve@example.com", inviter=None, at=None):
    actor = staff.party(inviter) if inviter else ("command", "test")
    return invitations.invite(actor, email, ["moderator"], at=at or timezone.now(), inviter=inviter)[0]


def cost(client, address):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.fixture
def mona(db):
    """Mona, a moderator."""
    return make_staff("mona", "moderator")


# --- The domain


def test_gives_exactly_the_chosen_roles(ada, mona):
    staff.change(ada.user, mona.user, ["program manager", "admin"], at=NOON, reason="She runs it now")

    assert roles_of(mona.user) == {"program manager", "admin"}
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor_id, entry.subject_id, entry.reason.text) == (
        "staff.changed",
        str(ada.user.public_id),
        str(mona.user.public_id),
        "She runs it now",
    )
    event = Event.objects.get()
    assert (event.name, event.person, event.payload) == (
        "staff.changed",
        mona.person_id,
        {"before": ["moderator"], "after": ["admin", "program manager"]},
    )


@pytest.mark.parametrize("roles", [[], ["emperor"]])
def test_leaves_nobody_with_no_role_or_an_unknown_one(ada, mona, roles):
    with pytest.raises(staff.NoSuchRole):
        staff.change(ada.user, mona.user, roles, at=NOON, reason="-")

    assert roles_of(mona.user) == {"moderator"}
    assert AuditEntry.objects.count() == 0


def test_keeps_the_last_admin_an_admin(ada, mona):
    with pytest.raises(staff.LastAdmin):
        staff.change(ada.user, ada.user, ["moderator"], at=NOON, reason="-")
    with pytest.raises(staff.LastAdmin):
        staff.remove(mona.user, ada.user, at=NOON, reason="-")

    assert roles_of(ada.user) == {"program manager", "moderator", "admin"}
    assert User.objects.get(pk=ada.user.pk).is_staff
    assert AuditEntry.objects.count() == 0


def test_does_not_count_an_admin_who_cannot_sign_in(ada):
    make_staff("olaf", "admin", is_active=False)

    with pytest.raises(staff.LastAdmin):
        staff.change(ada.user, ada.user, ["moderator"], at=NOON, reason="-")


def test_lets_an_admin_step_down_while_there_is_another(ada):
    make_staff("olga", "admin")

    staff.change(ada.user, ada.user, ["moderator"], at=NOON, reason="Enough")

    assert roles_of(ada.user) == {"moderator"}


def test_removes_somebody_with_their_roles_sessions_and_invitations(ada, mona):
    User.objects.filter(pk=mona.user.pk).update(is_superuser=True)
    mine, hers = invite("eve@example.com", ada.user), invite("finn@example.com", mona.user)
    elsewhere = sign_in_by_password(mona)

    staff.remove(ada.user, mona.user, at=NOON, reason="She moved on")

    user = User.objects.get(pk=mona.user.pk)
    assert (user.is_staff, user.is_superuser, user.is_active, roles_of(user)) == (False, False, True, set())
    assert UserSession.objects.filter(user=user).count() == 0
    assert elsewhere.get("/home/").status_code == 302
    mine.refresh_from_db()
    hers.refresh_from_db()
    assert (mine.revoked_at, hers.revoked_at) == (None, NOON)
    entry = AuditEntry.objects.get(verb="staff.removed")
    assert entry.reason.text == "She moved on"
    assert Event.objects.get(name="staff.removed").payload == {"before": ["moderator"]}


def sign_in_by_password(advocate):
    """A browser with a session that allauth knows of."""
    Authenticator.objects.filter(user=advocate.user).delete()
    browser = Client()
    browser.post("/accounts/login/", {"login": advocate.user.email, "password": PASSWORD})
    assert browser.get("/home/").status_code == 200
    return browser


def test_withdraws_what_a_former_admin_offered(ada):
    olga = make_staff("olga", "admin")
    hers = invite(inviter=olga.user)

    staff.change(ada.user, olga.user, ["moderator"], at=NOON, reason="-")

    hers.refresh_from_db()
    assert hers.revoked_at == NOON


def test_refuses_to_remove_oneself(ada):
    make_staff("olga", "admin")

    with pytest.raises(staff.OwnRemoval):
        staff.remove(ada.user, ada.user, at=NOON, reason="-")

    assert User.objects.get(pk=ada.user.pk).is_staff


@pytest.mark.parametrize("act", ["change", "remove"])
def test_refuses_to_touch_who_is_not_on_the_staff(ada, dan, act):
    roles = [["admin"]] if act == "change" else []

    with pytest.raises(staff.NotStaff):
        getattr(staff, act)(ada.user, dan.user, *roles, at=NOON, reason="-")

    assert roles_of(dan.user) == set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["change", "remove"])
def test_keeps_one_of_two_admins_who_oust_each_other_at_the_same_time(act):
    first, second = make_staff("first", "admin").user, make_staff("second", "admin").user
    together = threading.Barrier(2)
    outcomes = []

    def oust(actor, other):
        roles = [["moderator"]] if act == "change" else []
        together.wait(10)
        try:
            getattr(staff, act)(actor, other, *roles, at=NOON, reason="-")
            outcomes.append("done")
        except staff.LastAdmin:
            outcomes.append("last admin")
        finally:
            connection.close()

    threads = [threading.Thread(target=oust, args=pair) for pair in [(first, second), (second, first)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(outcomes) == ["done", "last admin"]
    assert User.objects.filter(groups__name="admin", is_staff=True).count() == 1


# --- The pages


def test_lists_the_staff_with_what_one_asks_about_them(ada_client, ada, mona):
    User.objects.filter(pk=mona.user.pk).update(last_login=timezone.now() - timedelta(hours=2))
    nils = make_staff("nils", "program manager")
    nils.user.authenticator_set.all().delete()

    page = ada_client.get("/manage/staff/")

    assert [(member.email, labels, member.has_second_factor) for member, labels in page.context["members"]] == [
        ("ada@example.com", ["Program manager", "Moderator", "Admin"], True),
        ("mona@example.com", ["Moderator"], True),
        ("nils@example.com", ["Program manager"], False),
    ]
    assert "2 hours ago" in page.text
    assert f"/manage/staff/{mona.user.public_id}/remove/" in page.text
    assert f"/manage/staff/{ada.user.public_id}/remove/" not in page.text


def test_lists_staff_at_a_constant_cost(ada_client):
    def make_some(start):
        for number in range(start, start + 3):
            make_staff(f"staff{number}", "moderator")
            invite(f"guest{number}@example.com")

    make_some(0)
    before = cost(ada_client, "/manage/staff/")
    make_some(3)

    assert cost(ada_client, "/manage/staff/") == before


def test_invites_by_a_form(ada_client, ada):
    answer = ada_client.post(
        "/manage/staff/invite/",
        {"email": "eve@example.com", "roles": ["moderator", "admin"], "reason": "Holidays"},
        follow=True,
    )

    invitation = StaffInvitation.objects.get()
    assert "The invitation to eve@example.com is on its way." in answer.text
    assert (invitation.email, invitation.roles, invitation.invited_by) == (
        "eve@example.com",
        ["admin", "moderator"],
        ada.user.public_id,
    )
    assert "Ada invites you" in Message.objects.get().text
    assert AuditEntry.objects.get().reason.text == "Holidays"


@pytest.mark.parametrize(
    "form",
    [
        {"email": "eve", "roles": ["moderator"]},
        {"email": "eve@example.com"},
        {"email": "eve@example.com", "roles": ["emperor"]},
        {"email": "\0eve@example.com", "roles": ["moderator"]},
        {"email": "e" * 300 + "@example.com", "roles": ["moderator"]},
        {"email": "eve@example.com", "roles": ["moderator"], "reason": "r" * 501},
    ],
)
def test_shows_what_is_wrong_with_an_invitation(ada_client, form):
    answer = ada_client.post("/manage/staff/invite/", form)

    assert answer.status_code in {200, 400}
    assert StaffInvitation.objects.count() == 0


def test_says_in_the_form_that_somebody_is_invited_already(ada_client):
    invite("eve@example.com")

    answer = ada_client.post("/manage/staff/invite/", {"email": "EVE@example.com", "roles": ["moderator"]})

    assert answer.status_code == 409
    assert "This address has an open invitation." in answer.text
    assert StaffInvitation.objects.count() == 1


def test_sends_an_invitation_again_by_a_click(ada_client):
    invitation = invite()
    before = invitation.token_hash

    ada_client.post(f"/manage/staff/invitations/{invitation.public_id}/resend/")

    invitation.refresh_from_db()
    assert invitation.token_hash != before
    assert Message.objects.count() == 2


def test_withdraws_an_invitation_by_a_click(ada_client):
    invitation = invite()

    answer = ada_client.post(f"/manage/staff/invitations/{invitation.public_id}/revoke/", follow=True)

    invitation.refresh_from_db()
    assert invitation.revoked_at is not None
    assert "No invitation is open" in answer.text


def test_changes_roles_by_a_form(ada_client, mona):
    address = f"/manage/staff/{mona.user.public_id}/change/"
    shown = ada_client.get(address)

    ada_client.post(address, {"roles": ["admin"], "reason": "She runs it now"})

    assert [box.data["value"] for box in shown.context["form"]["roles"] if box.data["selected"]] == ["moderator"]
    assert roles_of(mona.user) == {"admin"}


def test_wants_a_reason_for_a_change_and_a_removal(ada_client, mona):
    changed = ada_client.post(f"/manage/staff/{mona.user.public_id}/change/", {"roles": ["admin"]})
    removed = ada_client.post(f"/manage/staff/{mona.user.public_id}/remove/", {"reason": " "})

    assert "This field is required." in changed.text
    assert "This field is required." in removed.text
    assert roles_of(mona.user) == {"moderator"}


def test_removes_by_a_form(ada_client, mona):
    address = f"/manage/staff/{mona.user.public_id}/remove/"
    shown = ada_client.get(address)

    ada_client.post(address, {"reason": "She moved on"})

    assert "signed out everywhere" in shown.text
    assert not User.objects.get(pk=mona.user.pk).is_staff


def test_answers_with_a_refusal_for_the_last_admin(ada_client, ada):
    address = f"/manage/staff/{ada.user.public_id}/change/"

    answer = ada_client.post(address, {"roles": ["moderator"], "reason": "-"})

    assert answer.status_code == 409
    assert "This is the last admin." in answer.text
    assert "admin" in roles_of(ada.user)


def test_has_no_page_for_who_is_not_on_the_staff(ada_client, dan):
    for act in ("change", "remove"):
        assert ada_client.get(f"/manage/staff/{dan.user.public_id}/{act}/").status_code == 404
        assert ada_client.get(f"/manage/staff/{uuid.uuid4()}/{act}/").status_code == 404


def test_shows_at_home_what_waits(ada_client):
    invite()
    Message.objects.create(key="m", to="e@example.com", subject="Hi", text="", created_at=NOON, dead_at=NOON)

    page = ada_client.get("/manage/")

    assert [(str(figure.label), figure.count) for figure in page.context["waiting"]] == [
        ("To check", 0),
        ("Claims", 0),
        ("Discount codes running low", 0),
        ("To approve", 0),
        ("Payouts to make", 0),
        ("To hand out", 0),
        ("Stuck work", 1),
        ("Open invitations", 1),
    ]
    assert "1 gave up" in page.text
    assert "Needs you" in page.text


def test_costs_the_same_at_home_with_rows_doubled(ada_client):
    def make_some(start):
        for number in range(start, start + 3):
            invite(f"guest{number}@example.com")
            Message.objects.create(
                key=f"m{number}", to="e@example.com", subject="Hi", text="", created_at=NOON, dead_at=NOON
            )

    make_some(0)
    before = cost(ada_client, "/manage/")
    make_some(3)

    assert cost(ada_client, "/manage/") == before


def test_shows_a_moderator_at_home_only_what_is_theirs(mona):
    page = sign_in(mona).get("/manage/")

    assert page.context["waiting"] == []
    assert "Nothing waits" in page.text
    assert "/manage/staff/" not in page.text
    assert "/manage/stuck/" not in page.text
    assert "/manage/audit/" in page.text


def addresses(found, prefix=""):
    """Every address of the site with made-up arguments, and whether its view is one of ours."""
    for pattern in found:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            for argument, value in {
                "<uuid:public_id>": str(uuid.UUID(int=7)),
                "<uuid:pk>": str(uuid.UUID(int=7)),
                "<uuid:person>": str(uuid.UUID(int=7)),
                "<slug:slug>": "nothing",
                "<slug:key>": "nowhere",
                "<str:kind>": "brand.message",
                "<str:pk>": "1",
                "<int:pk>": "1",
                "<int:version>": "1",
            }.items():
                route = route.replace(argument, value)
            yield f"/{route}"


def staff_addresses():
    return sorted(address for address in addresses(get_resolver().url_patterns) if address.startswith("/manage/"))


def test_finds_the_staffs_addresses():
    assert "/manage/staff/invite/" in staff_addresses()
    assert not [address for address in staff_addresses() if "<" in address]


@pytest.mark.parametrize("method", ["get", "post"])
def test_shows_an_outsider_nothing_at_any_address(dan_client, method):
    answers = {address: getattr(dan_client, method)(address).status_code for address in staff_addresses()}

    assert set(answers.values()) == {404}


@pytest.mark.parametrize("method", ["get", "post"])
def test_asks_for_a_permission_at_every_address(db, method):
    nobody = sign_in(make_staff("nobody"))

    answers = {address: getattr(nobody, method)(address).status_code for address in staff_addresses()}

    assert {address: status for address, status in answers.items() if status not in {403, 404, 405}} == {}


@pytest.mark.parametrize(
    ("permission", "address"),
    [
        ("see_staff_home", "/manage/"),
        ("manage_staff", "/manage/staff/"),
        ("manage_staff", "/manage/staff/invite/"),
        ("retry_stuck", "/manage/stuck/"),
        ("view_auditentry", "/manage/audit/"),
        ("change_clockoffset", "/manage/clock/"),
    ],
)
@override_settings(SANDBOX=True)
def test_closes_a_page_when_its_permission_is_taken_away(ada_client, permission, address):
    assert ada_client.get(address).status_code == 200

    for group in Group.objects.all():
        group.permissions.remove(Permission.objects.get(codename=permission))

    assert ada_client.get(address).status_code == 403


# --- The clock


def test_has_no_clock_on_the_live_site(ada_client):
    assert ada_client.get("/manage/clock/").status_code == 404
    assert ada_client.post("/manage/clock/", {"days": 30}).status_code == 404

    assert AuditEntry.objects.count() == 0


@override_settings(SANDBOX=True)
def test_moves_the_sandboxs_clock(ada_client, ada):
    answer = ada_client.post("/manage/clock/", {"days": "30"}, follow=True)

    assert clock.offset() == timedelta(days=30)
    assert "30 days ahead of the wall clock" in answer.text
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor_id, entry.subject_id) == ("clock.moved", str(ada.user.public_id), "+30d")


@pytest.mark.parametrize("days", ["0", "-1", "many", "99999999999", ""])
@override_settings(SANDBOX=True)
def test_moves_no_clock_by_nonsense(ada_client, days):
    answer = ada_client.post("/manage/clock/", {"days": days})

    assert answer.status_code == 200
    assert clock.offset() == timedelta()
    assert AuditEntry.objects.count() == 0


@override_settings(SANDBOX=True)
def test_asks_for_no_second_factor_because_the_clock_was_moved(ada_client):
    ada_client.post("/manage/clock/", {"days": "90"})

    assert ada_client.get("/manage/").status_code == 200


def test_is_open_to_a_superuser_who_has_no_role(db):
    root = make_staff("root", is_superuser=True)

    assert sign_in(root).get("/manage/staff/").status_code == 200


def test_names_a_member_without_a_profile_by_their_address(ada_client):
    make_staff("lone", "moderator").delete()

    assert "lone@example.com" in ada_client.get("/manage/staff/").text


def test_leaves_no_way_back_to_somebody_who_was_removed(ada, mona):
    offered, link = invitations.invite(staff.party(ada.user), "MONA@example.com", ["admin"], at=NOON, inviter=ada.user)
    other = invite("eve@example.com", ada.user)

    staff.remove(ada.user, mona.user, at=NOON, reason="She moved on")

    offered.refresh_from_db()
    other.refresh_from_db()
    assert (offered.revoked_at, other.revoked_at) == (NOON, None)
    with pytest.raises(invitations.InvitationEnded):
        invitations.accept(link.rstrip("/").rpartition("/")[2], mona.user, at=NOON)
    assert not User.objects.get(pk=mona.user.pk).is_staff


def test_lets_nobody_invite_who_was_removed_a_moment_ago(ada):
    olga = make_staff("olga", "admin")
    staff.remove(ada.user, olga.user, at=NOON, reason="She moved on")

    with pytest.raises(invitations.MayNotInvite):
        invite("eve@example.com", olga.user)

    assert not StaffInvitation.objects.exists()
