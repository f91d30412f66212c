"""What this room holds about one person, and the words by which the others know them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Exists, OuterRef, Q

from advocates import staff
from advocates.models import Acceptance, Advocate, Notice, StaffInvitation, Suspension, User
from customers import privacy as customers_privacy
from customers.models import Customer, Person, PrivacyRequest
from spine.models import AuditEntry
from spine.privacy import Subject, delete_batch, forget_words, rows

EXPORTED = {
    Acceptance,
    Advocate,
    Authenticator,
    EmailAddress,
    LogEntry,
    Notice,
    SocialAccount,
    StaffInvitation,
    Suspension,
    User,
    UserSession,
}
NOTHING_PERSONAL: dict[type[models.Model], str] = {
    EmailConfirmation: "A random key of an address; it goes with the address.",
    SocialToken: "A provider's key of an account; it goes with the account and is a secret of neither's.",
}


def subject(person: Person) -> Subject:
    """The human behind a person, in the words by which any room may know them."""
    person, *merged = _same(person)
    people = [person.pk, *(other.pk for other in merged)]
    users = User.objects.filter(person__in=people)
    return Subject(
        person=person.pk,
        ids=frozenset(map(str, [*people, *users.values_list("public_id", flat=True)])),
        addresses=frozenset(_addresses(people)),
        merged=frozenset(people[1:]),
    )


def export(subject: Subject) -> dict[str, Any]:
    """Their profile, how they sign in, where they are signed in and what they agreed to."""
    theirs = {"user__person__in": subject.people}
    return {
        "user": rows(User.objects.filter(person__in=subject.people), "public_id", "email", "joined_at", "last_login"),
        "roles": list(
            User.objects.filter(person__in=subject.people, groups__isnull=False).values_list("groups__name", flat=True)
        ),
        "advocate": rows(
            Advocate.objects.filter(person__in=subject.people),
            *("username", "display_name", "bio", "avatar", "company", "job_title"),
            *("country", "locale", "time_zone", "is_named_to_friends", "joined_at"),
        ),
        "acceptances": rows(Acceptance.objects.filter(person__in=subject.people), "version", "at"),
        "notices": rows(Notice.objects.filter(person__in=subject.people), "text", "path", "at"),
        "suspensions": rows(Suspension.objects.filter(person__in=subject.people), "begun_at", "lifted_at"),
        "email_addresses": rows(EmailAddress.objects.filter(**theirs), "email", "verified", "primary"),
        "social_accounts": rows(
            SocialAccount.objects.filter(**theirs), "provider", "uid", "extra_data", "date_joined", "last_login"
        ),
        "second_factors": rows(Authenticator.objects.filter(**theirs), "type", "created_at", "last_used_at"),
        "sessions": rows(UserSession.objects.filter(**theirs), "ip", "user_agent", "created_at", "last_seen_at"),
        "invitations": rows(_invitations(subject), "email", "roles", "created_at", "accepted_at", "revoked_at"),
        "admin_log": rows(LogEntry.objects.filter(**theirs), "action_time", "object_repr", "change_message"),
    }


def erase(subject: Subject, at: datetime) -> list[str]:
    """Delete their user with all that hangs on it, their profile and their sessions; return their picture's file.

    Raises staff.LastAdmin.
    """
    # Locked, or a picture that is changed at this moment would stay behind.
    profiles = Advocate.objects.select_for_update().filter(person__in=subject.people)
    files = [name for name in profiles.values_list("avatar", flat=True) if name]
    _log_about(subject).delete()
    Notice.objects.filter(person__in=subject.people).delete()
    for user in User.objects.filter(person__in=subject.people):
        staff.leave(user, at)
        keys = UserSession.objects.filter(user=user).values("session_key")
        Session.objects.filter(session_key__in=keys).delete()
    invitations = _invitations(subject)
    forget_words("staff_invitation", invitations.values_list("public_id", flat=True))
    invitations.delete()
    profiles.delete()
    User.objects.filter(person__in=subject.people).delete()
    return files


def purge(at: datetime) -> int:
    """Forget sessions that are over, and sign-ups that were never confirmed; return how many."""
    standing = Session.objects.filter(session_key=OuterRef("session_key"))
    return delete_batch(UserSession.objects.filter(~Exists(standing))) + _erase_unconfirmed(at)


def _erase_unconfirmed(at: datetime) -> int:
    """Ask for the erasure of sign-ups never confirmed: the address may belong to somebody who knows nothing of it."""
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    asked = PrivacyRequest.objects.filter(person=OuterRef("person"), kind=PrivacyRequest.Kind.ERASE, done_at=None)
    given_up = User.objects.filter(
        ~Exists(confirmed),
        ~Exists(asked),
        joined_at__lt=at - timedelta(days=settings.RETENTION_DAYS["unconfirmed"]),
        last_login=None,
        is_staff=False,
    )
    people = [user.person for user in given_up.select_related("person").order_by("pk")[:100]]
    for person in people:
        customers_privacy.request(person, PrivacyRequest.Kind.ERASE, at)
    return len(people)


def _same(person: Person) -> list[Person]:
    """Whoever is left of one human, then everybody who was merged into them."""
    found = [person]
    while found[0].merged_into and found[0].merged_into not in found:
        found.insert(0, found[0].merged_into)
    found = layer = found[:1]
    while layer:
        layer = [other for other in Person.objects.filter(merged_into__in=layer) if other not in found]
        found = found + layer
    return found


def _addresses(people: Sequence[UUID]) -> set[str]:
    """What they sign in with, and what shops call theirs unless somebody else has proved it to be their own."""
    # An address that nobody confirmed may be somebody else's, and then so is the mail that went there.
    confirmed = EmailAddress.objects.filter(verified=True)
    signs_in = User.objects.filter(person__in=people).values_list("email", flat=True)
    told = Customer.objects.filter(person__in=people).exclude(email="").values_list("email", flat=True)
    others = reduce(or_, (Q(email__iexact=address) for address in told), Q(pk__in=[]))
    taken = confirmed.filter(others).exclude(user__person__in=people).values_list("email", flat=True)
    strangers = {address.lower() for address in taken}
    proved = confirmed.filter(user__person__in=people).values_list("email", flat=True)
    return {*signs_in, *proved, *(address for address in told if address.lower() not in strangers)}


def _invitations(subject: Subject) -> models.QuerySet[StaffInvitation]:
    """What was sent to an address of theirs, and what they accepted under one that they no longer have."""
    to_them = reduce(or_, (Q(email__iexact=address) for address in subject.addresses), Q(pk__in=[]))
    accepted = AuditEntry.objects.filter(verb="invitation.accepted", actor_kind="user", actor_id__in=subject.ids)
    by_them = Q(public_id__in=[UUID(public_id) for public_id in accepted.values_list("subject_id", flat=True)])
    return StaffInvitation.objects.filter(to_them | by_them)


def _log_about(subject: Subject) -> models.QuerySet[LogEntry]:
    """What the admin site wrote down about their rows: it repeats an address or a name."""
    about = Q(pk__in=[])
    for model in (User, Advocate):
        keys = [str(pk) for pk in model._base_manager.filter(person__in=subject.people).values_list("pk", flat=True)]
        meta = model._meta
        about |= Q(content_type__app_label=meta.app_label, content_type__model=meta.model_name, object_id__in=keys)
    return LogEntry.objects.filter(about)
