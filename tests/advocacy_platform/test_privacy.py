import json
import threading
from datetime import timedelta

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core import management, serializers
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, models, transaction
from django.test import Client
from django.urls import reverse

from advocacy_platform import privacy
from advocates import invitations, profiles
from advocates.models import Acceptance, Advocate, StaffInvitation, User
from advocates.staff import LastAdmin, party
from brand import suppression
from brand.models import Message, Suppression
from customers import privacy as customers_privacy
from customers.canonical import canonical_hash
from customers.models import Customer, Person, PrivacyRequest, Source
from integrations.models import Connection, Delivery, Import, Slice
from referrals.models import Claim, Code, FriendCode, Link
from referrals.share import codes
from rewards.models import Grant, Plan
from spine import audit, due, events
from spine.models import AuditEntry, AuditReason, Event, IdempotencyKey
from tests.conftest import sign_in
from tests.factories import (
    NOON,
    make_advocate,
    make_conversion,
    make_link,
    make_pool_code,
    make_program,
    make_reward,
    make_source,
    make_user,
)

# Columns that hold who somebody is, in a table that need not point at a user or a person.
TELLING = ("email", "to", "ip", "person", "owner", "address", "actor_id")


@pytest.fixture
def zoe(db):
    """Somebody about whom there is a row in every table that can hold one."""
    zoe = make_advocate("zoe-telltale", bio="Bio-telltale", company="Company-telltale", job_title="Title-telltale")
    zoe.avatar.save("picture-telltale.png", ContentFile(b"picture"))
    user, person = zoe.user, zoe.person
    signed_in(zoe)
    other = EmailAddress.objects.create(user=user, email="zoe-other-telltale@example.com")
    EmailConfirmation.objects.create(email_address=other, key="key-telltale", sent=NOON)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "totp-telltale"})
    account = SocialAccount.objects.create(
        user=user, provider="github", uid="uid-telltale", extra_data={"n": "x-telltale"}
    )
    app = SocialApp.objects.create(provider="github", name="GitHub", client_id="c")
    SocialToken.objects.create(account=account, app=app, token="token-telltale")
    users = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=make_user("log-writer@example.com"),
        content_type=users,
        object_id=str(user.pk),
        object_repr=user.email,
        action_flag=CHANGE,
    )
    Acceptance.objects.create(person=person, version=1, at=NOON)
    StaffInvitation.objects.create(
        email=user.email.upper(), roles=["moderator"], token_hash="h", created_at=NOON, expires_at=NOON
    )
    Message.objects.create(
        key="m", to=user.email.upper(), subject="Hello-telltale", text="Text-telltale", created_at=NOON
    )
    suppression.suppress(user.email, "manual", at=NOON, actor=party(user), words="Words-telltale")
    audit.record(("user", "u1"), "person.noted", ("person", str(person.pk)), at=NOON, reason="About-telltale")
    events.record("person.seen", person=person.pk, subject=("person", str(person.pk)), at=NOON, key="seen")
    IdempotencyKey.objects.create(
        owner=f"user:{user.public_id}", key="k", fingerprint="f", status=200, body={"a": "answer-telltale"}, at=NOON
    )
    customers_privacy.request(person, "export", NOON)
    shop = Source.objects.create(key="shop", name="Shop", created_at=NOON)
    Customer.objects.create(
        source=shop, key="c-9", person=person, email="zoe-shop-telltale@example.com", recorded_at=NOON
    )
    connection = Connection.objects.create(source=shop, vendor="generic", created_at=NOON)
    for key, told in (("m-1", {"customer_key": "c-9"}), ("m-2", {"state": "unreadable"})):
        body = b'{"email": "Zoe-Shop-Telltale@example.com"}'
        fields = {"state": "taken", "taken_at": NOON, **told}
        Delivery.objects.create(connection=connection, key=key, body=body, received_at=NOON, **fields)
    table = Import.objects.create(
        source=shop, kind="customers", name="past.csv", columns=["id", "email"], created_by="u1", created_at=NOON
    )
    Slice.objects.create(table=table, number=0, cells=[[2, "c-9", "Zoe-Shop-Telltale@example.com"]])
    link = make_link(make_program(), zoe, "alias-telltale")
    FriendCode.objects.create(
        program=link.program,
        link=make_link(link.program, make_advocate("sharer")),
        holder=canonical_hash("zoe-shop-telltale@example.com"),
        pool_code=make_pool_code(link.program, "GIVEN-10"),
        given_at=NOON,
    )
    for number in ("1", "2"):
        Claim.objects.create(
            program=link.program,
            person=person,
            order_key=f"order-{number}-telltale",
            recommended_on=NOON.date(),
            words="Claim-telltale",
            filed_at=NOON,
        )
    claim = Claim.objects.first()
    reward = make_reward(person)
    plan = Plan.objects.create(scheme=reward.scheme, version=1, document={}, published_at=NOON, published_by="test")
    Grant.objects.create(
        key="grant",
        occasion=reward.occasion,
        scheme=reward.scheme,
        plan=plan,
        rule="r",
        side="advocate",
        person=person,
        kind="badge",
        promised_at=NOON,
        hold_until=NOON,
    )
    audit.record(("user", "u1"), "claim.noted", ("claim", str(claim.public_id)), at=NOON, reason="Claimed-telltale")
    return zoe


def signed_in(advocate: Advocate) -> Client:
    """A browser in which somebody signed in at our own door, which writes the session down."""
    client = sign_in(advocate)
    key = client.session.session_key
    UserSession.objects.create(user=advocate.user, session_key=key, ip="203.0.113.77", user_agent="Browser-telltale")
    return client


def everything() -> str:
    """All rows of all tables, as text."""
    found = [row for model in apps.get_models() for row in model._base_manager.all()]
    sessions = [str(session.get_decoded()) for session in Session.objects.all()]
    return serializers.serialize("json", found) + "".join(sessions)


def concerning() -> set[type[models.Model]]:
    """Every model that points at a person or a user, however many steps away, or has a telling column."""
    found: set[type[models.Model]] = {Person, User}
    while True:
        more = {
            model
            for model in apps.get_models()
            if model not in found
            for field in model._meta.concrete_fields
            if field.related_model in found or field.name in TELLING or isinstance(field, models.EmailField)
        }
        if not more:
            return found
        found |= more


def test_has_a_room_answer_for_every_table_that_concerns_a_person():
    exported = set().union(*(room.EXPORTED for room in privacy.ROOMS.values()))
    harmless = set().union(*(room.NOTHING_PERSONAL for room in privacy.ROOMS.values()))

    assert concerning() - exported - harmless == set()
    assert exported & harmless == set()


def test_exports_a_row_of_every_table_that_is_declared(zoe):
    found = json.loads(privacy.download(zoe.person, party(zoe.user), NOON))

    text = json.dumps(found)
    assert {room: sorted(parts) for room, parts in found.items() if room != "exported_at"} == {
        "integrations": ["deliveries", "file_rows"],
        "advocates": [
            "acceptances",
            "admin_log",
            "advocate",
            "email_addresses",
            "invitations",
            "notices",
            "roles",
            "second_factors",
            "sessions",
            "social_accounts",
            "suspensions",
            "user",
        ],
        "brand": ["messages", "suppressions"],
        "spine": ["acts", "acts_of_others", "events", "stored_answers"],
        "customers": ["captures", "customers", "disputes", "id", "leads", "lines", "orders", "refunds", "requests"],
        "referrals": [
            "claims",
            "codes",
            "conversions",
            "decisions",
            "friend_codes",
            "links",
            "recommended",
            "rules_accepted",
            "story",
            "ties_cut",
            "touches",
            "verdicts",
            "visits",
        ],
        "rewards": [
            "by_hand",
            "grants",
            "occasions",
            "payout_details",
            "payouts",
            "redemptions",
            "rewards",
            "tiers",
            "transfers",
        ],
    }
    for told in (
        "zoe-telltale@example.com",
        "zoe-other-telltale@example.com",
        "zoe-shop-telltale@example.com",
        "Bio-telltale",
        "Company-telltale",
        "Title-telltale",
        "203.0.113.77",
        "Browser-telltale",
        "uid-telltale",
        "x-telltale",
        "Hello-telltale",
        "Text-telltale",
        "Words-telltale",
        "About-telltale",
        "answer-telltale",
        "person.seen",
        "alias-telltale",
        "order-2-telltale",
        "Claim-telltale",
        "GIVEN-10",
    ):
        assert told in text
    for kept in ("totp-telltale", "token-telltale", "key-telltale", zoe.user.password):
        assert kept not in text
    assert AuditEntry.objects.get(verb="person.exported").actor_id == str(zoe.user.public_id)


def test_leaves_nothing_that_tells_who_it_was(zoe):
    person, public_id, file = zoe.person, zoe.user.public_id, zoe.avatar.name
    acts = AuditEntry.objects.count()

    request = privacy.erase(person, party(zoe.user), NOON)
    privacy.run_due(NOON)

    left = everything()
    assert "telltale" not in left
    assert "203.0.113.77" not in left
    assert not default_storage.exists(file)
    request.refresh_from_db()
    assert (request.done_at, request.due_at, request.files) == (NOON, None, [])
    assert Person.objects.filter(pk=person.pk).exists()
    assert Acceptance.objects.get().person_id == person.pk
    assert Suppression.objects.get().masked == ""
    assert suppression.is_suppressed("zoe-telltale@example.com", transactional=True)
    assert (
        Event.objects.filter(person=person.pk).values_list("name", flat=True).order_by("pk").last() == "person.erased"
    )
    assert AuditEntry.objects.count() == acts + 1
    assert AuditEntry.objects.get(verb="person.erased").actor_id == str(public_id)
    assert set(AuditReason.objects.values_list("text", flat=True)) == {""}
    assert set(Claim.objects.values_list("state", "decided_at")) == {("declined", NOON)}
    assert FriendCode.objects.get().holder == canonical_hash("zoe-shop-telltale@example.com")


def test_leaves_a_link_that_leads_nowhere_and_is_never_given_to_anybody_else(zoe):
    key = codes.key("alias-telltale")

    privacy.erase(zoe.person, party(zoe.user), NOON)

    assert Link.objects.get(person=zoe.person).code == ""
    assert Code.objects.get(key=key).text == ""
    assert codes.find("alias-telltale") is None
    assert Code.objects.exclude(link__person=zoe.person).get().text != ""


def test_leaves_the_advocate_of_an_erased_friend_an_anonymous_line(zoe, cleo):
    program = Link.objects.first().program
    conversion = make_conversion(program, referred=zoe.person, credited=cleo.person)

    found = privacy.export(zoe.person)
    privacy.erase(zoe.person, party(zoe.user), NOON)

    assert [row["state"] for row in found["referrals"]["conversions"]] == ["credited"]
    assert str(cleo.person_id) not in json.dumps(found, default=str)
    conversion.refresh_from_db()
    assert (conversion.credited_person, conversion.referred_person, conversion.state) == (
        cleo.person,
        zoe.person,
        "credited",
    )
    assert privacy.export(cleo.person)["referrals"]["recommended"][0]["state"] == "credited"


def test_knows_the_mail_that_went_to_an_address_that_only_a_shop_told(db):
    friend = Person.objects.create()
    Customer.objects.create(
        source=make_source(), key="c-1", person=friend, email="friend@example.com", recorded_at=NOON
    )
    Message.objects.create(key="f", to="Friend@example.com", subject="Your code", text="GIVEN-10", created_at=NOON)

    found = privacy.export(friend)
    privacy.erase(friend, ("user", "u1"), NOON)

    assert [row["text"] for row in found["brand"]["messages"]] == ["GIVEN-10"]
    assert not Message.objects.exists()


def test_leaves_alone_what_a_shop_calls_theirs_and_somebody_else_has_confirmed(cleo):
    friend = Person.objects.create()
    Customer.objects.create(source=make_source(), key="c-1", person=friend, email="CLEO@example.com", recorded_at=NOON)
    Message.objects.create(key="c", to="cleo@example.com", subject="Your code", text="BCDF-GHJK", created_at=NOON)

    found = privacy.export(friend)
    privacy.erase(friend, ("user", "u1"), NOON)

    assert found["brand"]["messages"] == []
    assert Message.objects.get().to == "cleo@example.com"


@pytest.mark.parametrize("asked", ["old", "kept"])
def test_takes_people_who_turned_out_to_be_one_as_one(db, asked):
    kept = make_advocate("kept")
    old = Person.objects.create(merged_into=kept.person)
    Person.objects.create(merged_into=old)
    source = make_source()
    for key, person in enumerate(Person.objects.all()):
        Customer.objects.create(
            source=source, key=str(key), person=person, email=f"c{key}-telltale@example.com", recorded_at=NOON
        )

    found = privacy.export({"old": old, "kept": kept.person}[asked])
    privacy.erase({"old": old, "kept": kept.person}[asked], ("user", "u1"), NOON)

    assert len(found["customers"]["customers"]) == 3
    assert found["customers"]["id"] == str(kept.person_id)
    assert found["advocates"]["advocate"][0]["username"] == "kept"
    assert "telltale" not in everything()
    assert not User.objects.exists()


def test_leaves_everybody_else_as_they_were(zoe, cleo):
    Message.objects.create(key="c", to=cleo.user.email, subject="Hi", text="Hi", created_at=NOON)
    signed_in(cleo)
    audit.record(party(cleo.user), "brand.changed", ("brand", "1"), at=NOON, reason="A new season")

    privacy.erase(zoe.person, party(zoe.user), NOON)

    assert set(Advocate.objects.values_list("username", flat=True)) == {"cleo", "sharer"}
    assert Message.objects.get().to == cleo.user.email
    assert UserSession.objects.get().user == cleo.user
    assert AuditReason.objects.get(entry__verb="brand.changed").text == "A new season"
    assert EmailAddress.objects.filter(user=cleo.user).exists()


def test_erases_twice_as_once(zoe):
    person, actor = zoe.person, party(zoe.user)
    privacy.erase(person, actor, NOON)
    privacy.run_due(NOON)
    left = Event.objects.count()

    privacy.erase(person, actor, NOON)
    privacy.run_due(NOON)

    assert Event.objects.count() == left + 1
    assert PrivacyRequest.objects.filter(kind="erase", done_at=None).count() == 0
    assert Advocate.objects.get().username == "sharer"


@pytest.mark.parametrize("room", list(privacy.ROOMS))
def test_keeps_everything_when_a_room_breaks_half_way(zoe, monkeypatch, room):
    def breaks(subject, at):
        raise ConnectionError("the machine went away")

    before = everything()
    monkeypatch.setattr(privacy.ROOMS[room], "erase", breaks)

    with pytest.raises(ConnectionError):
        privacy.erase(zoe.person, party(zoe.user), NOON)

    assert everything() == before
    assert default_storage.exists(zoe.avatar.name)


def test_erases_a_file_that_outlived_a_crash(zoe):
    file = zoe.avatar.name

    request = privacy.erase(zoe.person, party(zoe.user), NOON)

    assert (request.due_at, request.done_at, request.files) == (NOON, None, [file])
    assert default_storage.exists(file)

    default_storage.delete(file)
    privacy.run_due(NOON)

    request.refresh_from_db()
    assert (request.done_at, request.files) == (NOON, [])


def test_works_what_others_asked_for(zoe):
    PrivacyRequest.objects.all().delete()
    wish = customers_privacy.request(zoe.person, "export", NOON)
    customers_privacy.request(zoe.person, "erase", NOON + timedelta(minutes=1))

    assert privacy.run_due(NOON) == 1

    wish.refresh_from_db()
    assert (wish.done_at, wish.answer["advocates"]["user"][0]["email"]) == (NOON, "zoe-telltale@example.com")

    while privacy.run_due(NOON + timedelta(minutes=1)):
        pass

    wish.refresh_from_db()
    assert wish.answer is None
    assert "telltale" not in everything()


def test_keeps_the_last_admin(ada):
    with pytest.raises(LastAdmin):
        privacy.erase(ada.person, party(ada.user), NOON)

    assert User.objects.get() == ada.user
    assert PrivacyRequest.objects.count() == 0


def test_lets_an_admin_go_when_another_stays(ada):
    make_user("second@example.com", roles=("admin",))

    privacy.erase(ada.person, party(ada.user), NOON)

    assert User.objects.get().email == "second@example.com"


def fresh(client: Client) -> Client:
    """The same browser, after its owner has typed the password once more."""
    session = client.session
    request = type("Request", (), {"session": session, "META": {}})()
    user = User.objects.get(pk=session["_auth_user_id"])
    record_authentication(request, user, method="password", reauthenticated=True)
    session.save()
    return client


def test_shows_what_one_may_do(cleo_client):
    page = cleo_client.get(reverse("privacy"))

    assert page.status_code == 200
    assert reverse("privacy_download") in page.content.decode()
    assert reverse("privacy_erase") in page.content.decode()


@pytest.mark.parametrize("name", ["privacy", "privacy_download", "privacy_erase"])
def test_asks_a_stranger_to_sign_in(db, client, name):
    answer = client.get(reverse(name))

    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["privacy_download", "privacy_erase"])
def test_asks_for_the_password_again(cleo, cleo_client, name):
    answer = cleo_client.post(reverse(name), {"email": cleo.user.email})

    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert User.objects.filter(pk=cleo.user.pk).exists()


def test_hands_out_a_file(cleo_client):
    answer = fresh(cleo_client).post(reverse("privacy_download"))

    assert answer.headers["Content-Disposition"].startswith('attachment; filename="your-data-')
    assert answer.headers["Content-Type"] == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.json()["advocates"]["user"][0]["email"] == "cleo@example.com"


def test_hands_out_nothing_on_a_get(cleo_client):
    answer = fresh(cleo_client).get(reverse("privacy_download"))

    assert answer.headers["Content-Type"].startswith("text/html")
    assert not AuditEntry.objects.filter(verb="person.exported").exists()


def test_erases_on_the_typed_address_and_ends_every_session(cleo):
    here, elsewhere = signed_in(cleo), signed_in(cleo)

    answer = fresh(here).post(reverse("privacy_erase"), {"email": "CLEO@example.com"})

    assert (answer.status_code, answer.url) == (302, reverse("goodbye"))
    assert not User.objects.exists()
    assert not Session.objects.exists()
    assert elsewhere.get(reverse("privacy")).status_code == 302
    assert here.get(reverse("goodbye")).status_code == 200


def test_erases_nothing_on_another_address(cleo, cleo_client):
    answer = fresh(cleo_client).post(reverse("privacy_erase"), {"email": "dan@example.com"})

    assert answer.status_code == 422
    assert "That is not the address of this account." in answer.content.decode()
    assert User.objects.get() == cleo.user


def test_tells_the_last_admin_to_hand_over_first(ada, ada_client):
    answer = fresh(ada_client).post(reverse("privacy_erase"), {"email": ada.user.email})

    assert answer.status_code == 422
    assert "Make somebody else an admin first." in answer.content.decode()
    assert User.objects.get() == ada.user


def test_exports_from_the_command_line(cleo, capsys):
    management.call_command("privacy", "export", "CLEO@example.com")

    assert json.loads(capsys.readouterr().out)["customers"]["id"] == str(cleo.person_id)


def test_erases_from_the_command_line_only_when_told_twice(cleo, capsys):
    with pytest.raises(management.CommandError, match="--yes"):
        management.call_command("privacy", "erase", "cleo@example.com")

    assert User.objects.get() == cleo.user

    management.call_command("privacy", "erase", "cleo@example.com", "--yes")

    assert not User.objects.exists()


def test_says_that_nobody_has_that_address(db):
    with pytest.raises(management.CommandError, match=r"Nobody signs in as nobody@example\.com\."):
        management.call_command("privacy", "export", "nobody@example.com")


def test_neither_hands_out_nor_erases_what_belongs_to_an_address_that_was_never_confirmed(cleo, dan):
    EmailAddress.objects.create(user=cleo.user, email=dan.user.email, verified=False)
    letter = Message.objects.create(key="d", to=dan.user.email, subject="Your code", text="BCDF-GHJK", created_at=NOON)
    suppression.suppress(dan.user.email, "manual", at=NOON, actor=party(dan.user))

    found = privacy.export(cleo.person)
    privacy.erase(cleo.person, party(cleo.user), NOON)

    assert found["brand"] == {"messages": [], "suppressions": []}
    assert Message.objects.get() == letter
    assert Suppression.objects.get().masked == "d•••@example.com"


def test_empties_what_others_wrote_of_their_invitation_and_their_address(ada, cleo):
    invitations.invite(party(ada.user), cleo.user.email, ["moderator"], at=NOON, reason="Cleo of the Oslo shop")
    row = suppression.suppress(cleo.user.email, "manual", at=NOON, actor=party(ada.user), words="Cleo phoned")
    audit.record(party(ada.user), "brand.changed", ("brand", str(row.pk)), at=NOON, reason="A new season")

    privacy.erase(cleo.person, party(cleo.user), NOON)

    words = dict(AuditReason.objects.values_list("entry__verb", "text"))
    assert words == {"invitation.sent": "", "address.suppressed": "", "brand.changed": "A new season"}


def test_leaves_no_invitation_that_they_accepted_under_an_earlier_address(ada, cleo):
    _invitation, link = invitations.invite(party(ada.user), cleo.user.email, ["moderator"], at=NOON)
    invitations.accept(link.rstrip("/").rpartition("/")[2], cleo.user, at=NOON)
    User.objects.filter(pk=cleo.user.pk).update(email="new@example.com")
    EmailAddress.objects.filter(user=cleo.user).update(email="new@example.com")

    found = privacy.export(cleo.person)
    privacy.erase(cleo.person, party(cleo.user), NOON)

    assert [row["email"] for row in found["advocates"]["invitations"]] == ["cleo@example.com"]
    assert not StaffInvitation.objects.exists()


def test_leaves_no_dead_wish_behind_when_the_person_is_erased_after_all(ada):
    wish = customers_privacy.request(ada.person, "erase", NOON)
    PrivacyRequest.objects.update(due_at=None, dead_at=NOON, attempts=10, error="LastAdmin: ada@example.com")
    make_user("second@example.com", roles=("admin",))

    privacy.erase(ada.person, party(ada.user), NOON)

    wish.refresh_from_db()
    assert (wish.done_at, wish.dead_at, wish.due_at, wish.attempts, wish.error) == (NOON, None, None, 0, "")
    assert not due.stuck(PrivacyRequest, NOON + timedelta(days=1)).exists()


@pytest.mark.django_db(transaction=True)
def test_deletes_a_picture_that_was_changed_while_the_erasure_began():
    cleo = make_advocate("cleo")
    changed, erased = threading.Event(), []

    def erase():
        changed.wait(10)
        try:
            erased.append(privacy.erase(cleo.person, party(cleo.user), NOON))
        finally:
            connection.close()

    eraser = threading.Thread(target=erase)
    eraser.start()
    with transaction.atomic():
        profiles.change_picture(Advocate.objects.get(), ContentFile(b"picture", name="new.webp"))
        changed.set()
        eraser.join(0.5)
    eraser.join()

    (file,) = erased[0].files
    there = default_storage.exists(file)
    privacy.run_due(NOON)

    assert not Advocate.objects.exists()
    assert there
    assert not default_storage.exists(file)
