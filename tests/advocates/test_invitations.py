import threading
from datetime import timedelta
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from advocates import invitations, staff
from advocates.models import StaffInvitation, User
from brand.models import Message
from spine.models import AuditEntry, Event
from tests.conftest import sign_in
from tests.factories import NOON, make_advocate, make_user

ACTOR = ("user", "somebody")


def invite(email="eve@example.com", roles=("moderator",), at=NOON, **options):
    return invitations.invite(ACTOR, email, roles, at=at, **options)


def token_of(link):
    return link.rstrip("/").rpartition("/")[2]


def live_invitation(email="eve@example.com", roles=("moderator",), **options):
    """One that is open by the wall clock, for pages."""
    _invitation, link = invite(email, roles, at=timezone.now(), **options)
    return f"/staff/invitation/{token_of(link)}/", token_of(link)


def acts():
    return list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))


def test_keeps_only_the_hash_of_the_link(db):
    invitation, link = invite()

    token = token_of(link)
    assert link == f"http://localhost:8000/staff/invitation/{token}/"
    assert len(token) == 43
    assert invitation.token_hash == invitations.digest(token)
    assert token not in str(StaffInvitation.objects.values().get())


def test_sends_the_link_to_the_invited_address(db):
    _invitation, link = invite(roles=("moderator", "admin"))

    message = Message.objects.get()
    assert message.to == "eve@example.com"
    assert link in message.text
    assert link in message.html
    assert "Moderator. Keeps what people write clean and kind." in message.text
    assert "Admin. Runs the place" in message.text


def test_is_written_down_with_its_reason(db):
    invitation, _link = invite(reason="The forum grows")

    entry = AuditEntry.objects.get()
    event = Event.objects.get()
    assert (entry.actor_id, entry.verb, entry.subject_kind, entry.subject_id, entry.reason.text) == (
        "somebody",
        "invitation.sent",
        "staff_invitation",
        str(invitation.public_id),
        "The forum grows",
    )
    assert (event.name, event.payload) == ("invitation.sent", {"roles": ["moderator"]})


def test_holds_for_a_week(db):
    invitation, link = invite()

    assert invitation.expires_at == NOON + timedelta(days=7)
    assert invitations.find(token_of(link), at=NOON + timedelta(days=7, seconds=-1)) == invitation
    with pytest.raises(invitations.InvitationEnded):
        invitations.find(token_of(link), at=NOON + timedelta(days=7))


def test_refuses_a_second_open_one_for_an_address(db):
    invite()

    with pytest.raises(invitations.AlreadyInvited):
        invite("EVE@example.com", at=NOON + timedelta(days=1))

    assert (StaffInvitation.objects.count(), Message.objects.count(), acts()) == (1, 1, ["invitation.sent"])


def test_replaces_one_that_expired(db):
    invite()

    invite(at=NOON + timedelta(days=8))

    assert [i.revoked_at for i in StaffInvitation.objects.order_by("id")] == [NOON + timedelta(days=8), None]


def test_refuses_roles_that_somebody_has(db):
    make_user("eve@example.com", roles=("moderator",))

    with pytest.raises(invitations.AlreadyStaff):
        invite("Eve@example.com")

    assert StaffInvitation.objects.count() == 0


@pytest.mark.parametrize("roles", [[], ["emperor"], ["moderator", "emperor"]])
def test_refuses_roles_that_there_are_not(db, roles):
    with pytest.raises(staff.NoSuchRole):
        invite(roles=roles)

    assert StaffInvitation.objects.count() == 0


def test_lets_the_invited_person_in(db):
    eve = make_user("eve@example.com")
    invitation, link = invite()

    invitations.accept(token_of(link), eve, at=NOON)

    eve = User.objects.get(pk=eve.pk)
    invitation.refresh_from_db()
    assert eve.is_staff
    assert [group.name for group in eve.groups.all()] == ["moderator"]
    assert invitation.accepted_at == NOON
    assert acts() == ["invitation.sent", "invitation.accepted"]
    assert Event.objects.get(name="invitation.accepted").payload == {
        "user": str(eve.public_id),
        "roles": ["moderator"],
    }


def test_adds_to_the_roles_that_somebody_has(db):
    eve = make_user("eve@example.com", roles=("moderator",))
    _invitation, link = invite(roles=("admin",))

    invitations.accept(token_of(link), eve, at=NOON)

    assert {group.name for group in eve.groups.all()} == {"moderator", "admin"}


def test_does_not_mind_the_case_of_the_address(db):
    eve = make_user("eve@example.com")
    _invitation, link = invite("Eve@Example.com")

    invitations.accept(token_of(link), eve, at=NOON)

    assert User.objects.get(pk=eve.pk).is_staff


def test_is_accepted_once(db):
    eve = make_user("eve@example.com")
    _invitation, link = invite()
    invitations.accept(token_of(link), eve, at=NOON)

    with pytest.raises(invitations.InvitationEnded):
        invitations.accept(token_of(link), eve, at=NOON)

    assert acts() == ["invitation.sent", "invitation.accepted"]


def test_is_not_for_somebody_else(db):
    mallory = make_user("mallory@example.com")
    invitation, link = invite()

    with pytest.raises(invitations.InvitationForAnother):
        invitations.accept(token_of(link), mallory, at=NOON)

    invitation.refresh_from_db()
    assert invitation.accepted_at is None
    assert not User.objects.get(pk=mallory.pk).is_staff


def test_is_not_for_an_address_that_was_not_confirmed(db):
    eve = make_user("eve@example.com")
    EmailAddress.objects.update(verified=False)
    _invitation, link = invite()

    with pytest.raises(invitations.InvitationForAnother):
        invitations.accept(token_of(link), eve, at=NOON)

    assert not User.objects.get(pk=eve.pk).is_staff


def test_ends_the_old_link_when_sent_again(db):
    invitation, old = invite()

    new = invitations.resend(ACTOR, invitation, at=NOON + timedelta(days=2))

    assert invitation.expires_at == NOON + timedelta(days=9)
    assert invitations.find(token_of(new), at=NOON + timedelta(days=8)) == invitation
    with pytest.raises(invitations.InvitationEnded):
        invitations.find(token_of(old), at=NOON + timedelta(days=2))
    assert Message.objects.count() == 2


def test_ends_when_revoked(db):
    invitation, link = invite()

    invitations.revoke(ACTOR, invitation, at=NOON, reason="A typo")

    with pytest.raises(invitations.InvitationEnded):
        invitations.find(token_of(link), at=NOON)
    assert AuditEntry.objects.get(verb="invitation.revoked").reason.text == "A typo"


@pytest.mark.parametrize("act", [invitations.revoke, invitations.resend])
def test_leaves_an_accepted_one_alone(db, act):
    eve = make_user("eve@example.com")
    invitation, link = invite()
    invitations.accept(token_of(link), eve, at=NOON)

    with pytest.raises(invitations.InvitationEnded):
        act(ACTOR, invitation, at=NOON)

    invitation.refresh_from_db()
    assert (invitation.revoked_at, invitation.token_hash) == (None, invitations.digest(token_of(link)))


@pytest.mark.django_db(transaction=True)
def test_is_accepted_once_by_two_browsers_at_the_same_time():
    eve = make_user("eve@example.com")
    _invitation, link = invite()
    together = threading.Barrier(2)
    outcomes = []

    def accept():
        together.wait(10)
        try:
            invitations.accept(token_of(link), eve, at=NOON)
            outcomes.append("accepted")
        except invitations.InvitationEnded:
            outcomes.append("ended")
        finally:
            connection.close()

    threads = [threading.Thread(target=accept) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(outcomes) == ["accepted", "ended"]
    assert acts() == ["invitation.sent", "invitation.accepted"]


@pytest.mark.django_db(transaction=True)
def test_is_sent_once_by_two_admins_at_the_same_time():
    together = threading.Barrier(2)
    outcomes = []

    def send():
        together.wait(10)
        try:
            invite()
            outcomes.append("sent")
        except invitations.AlreadyInvited:
            outcomes.append("already")
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(outcomes) == ["already", "sent"]
    assert (StaffInvitation.objects.count(), Message.objects.count()) == (1, 1)


def test_shows_a_stranger_who_invites_and_what_it_gives(client, ada):
    path, _token = live_invitation(inviter=ada.user)

    page = client.get(path)

    assert page.status_code == 200
    assert "Ada invites you" in page.text
    assert "Keeps what people write clean and kind." in page.text
    assert "It is for eve@example.com." in page.text
    assert f"/accounts/login/?next={path}" in page.text


def test_never_acts_on_a_look(db):
    eve = make_advocate("eve")
    path, _token = live_invitation()

    page = sign_in(eve).get(path)

    assert "Accept" in page.text
    assert not User.objects.get(pk=eve.user.pk).is_staff


def test_is_accepted_by_a_post(db):
    eve = make_advocate("eve")
    path, _token = live_invitation()

    answer = sign_in(eve).post(path)

    assert (answer.status_code, answer["Location"]) == (302, "/manage/")
    assert User.objects.get(pk=eve.user.pk).is_staff


def test_tells_somebody_else_whose_it_is(dan_client, dan):
    path, _token = live_invitation()

    looked, posted = dan_client.get(path), dan_client.post(path)

    assert (looked.status_code, posted.status_code) == (200, 403)
    for page in (looked, posted):
        assert "for eve@example.com, and you are signed in as dan@example.com" in page.text
        assert "Accept" not in page.text
    assert not User.objects.get(pk=dan.user.pk).is_staff


def test_lets_no_stranger_accept(client, db):
    path, _token = live_invitation()

    assert client.post(path).status_code == 403

    assert StaffInvitation.objects.get().accepted_at is None


def test_looks_the_same_for_every_link_that_has_ended(client, db):
    at = timezone.now()
    paths = ["/staff/invitation/never-existed/"]
    for number, change in enumerate(
        [{"accepted_at": at}, {"revoked_at": at}, {"expires_at": at - timedelta(seconds=1)}]
    ):
        path, token = live_invitation(f"eve{number}@example.com")
        StaffInvitation.objects.filter(token_hash=invitations.digest(token)).update(**change)
        paths.append(path)

    pages = [client.get(path) for path in paths] + [client.post(path) for path in paths]

    assert {page.status_code for page in pages} == {410}
    assert len({page.text for page in pages}) == 1
    assert "This invitation has expired, or it was used or withdrawn." in pages[0].text


def run_invite_admin(email):
    out = StringIO()
    call_command("invite_admin", email, stdout=out)
    return out.getvalue()


def test_prints_a_link_that_makes_the_first_admin(db):
    eve = make_user("eve@example.com")

    printed = run_invite_admin("eve@example.com")

    invitations.accept(token_of(printed.strip()), eve, at=timezone.now())
    assert [group.name for group in eve.groups.all()] == ["admin"]
    assert Message.objects.get().to == "eve@example.com"
    assert AuditEntry.objects.filter(actor_kind="command", actor_id="invite_admin").count() == 1


def test_prints_a_fresh_link_when_asked_again(db):
    first = run_invite_admin("eve@example.com")

    second = run_invite_admin("Eve@example.com")

    assert invitations.find(token_of(second.strip()), at=timezone.now())
    with pytest.raises(invitations.InvitationEnded):
        invitations.find(token_of(first.strip()), at=timezone.now())


def test_prints_nothing_for_an_admin(db):
    make_user("eve@example.com", roles=("admin",))

    with pytest.raises(CommandError, match="is an admin already"):
        run_invite_admin("eve@example.com")

    assert StaffInvitation.objects.count() == 0


def test_prints_nothing_for_what_is_no_address(db):
    with pytest.raises(CommandError, match="is not an email address"):
        run_invite_admin("eve at example")

    assert StaffInvitation.objects.count() == 0
