"""Finding past acts, and calling those who took part by name for whoever may know their names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils import timezone

from advocates.models import Advocate, StaffInvitation, User
from customers.models import ApiKey
from spine.audit import Party
from spine.models import AuditEntry


@dataclass(frozen=True)
class Act:
    """One entry in words."""

    entry: AuditEntry
    actor: str
    subject: str
    reason: str

    @property
    def actor_key(self) -> str:
        """The search term that finds every act of the same actor."""
        return f"{self.entry.actor_kind}:{self.entry.actor_id}"

    @property
    def kind(self) -> str:
        """What sort of thing the subject is, as people write it."""
        return self.entry.subject_kind.replace("_", " ")

    @property
    def subject_key(self) -> str:
        """The search term that finds every act on the same subject."""
        return f"{self.entry.subject_kind}:{self.entry.subject_id}"


def search(
    viewer: User,
    *,
    actor: str = "",
    verb: str = "",
    subject: str = "",
    since: date | None = None,
    until: date | None = None,
) -> models.QuerySet[AuditEntry]:
    """Entries that match; dates are the viewer's own and include both days.

    An actor or a subject is an id, a `kind:id`, or, for a viewer who may know it, an email or a username.
    """
    found = AuditEntry.objects.select_related("reason")
    if actor:
        found = found.filter(_matches("actor", actor, viewer))
    if subject:
        found = found.filter(_matches("subject", subject, viewer))
    if verb:
        found = found.filter(verb=verb)
    if since:
        found = found.filter(at__gte=_midnight(since))
    if until:
        found = found.filter(at__lt=_midnight(until + timedelta(days=1)))
    return found


def describe(entries: Iterable[AuditEntry], viewer: User) -> list[Act]:
    """Entries with names instead of ids where the viewer may know them; at most four queries for any number."""
    entries = list(entries)
    names = _names({party for entry in entries for party in (_actor(entry), _subject(entry))}, viewer)
    return [
        Act(
            entry=entry,
            actor=names.get(_actor(entry), entry.actor_id),
            subject=names.get(_subject(entry), entry.subject_id),
            reason=entry.reason.text if hasattr(entry, "reason") else "",
        )
        for entry in entries
    ]


def _actor(entry: AuditEntry) -> Party:
    return (entry.actor_kind, entry.actor_id)


def _subject(entry: AuditEntry) -> Party:
    return (entry.subject_kind, entry.subject_id)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _matches(side: str, text: str, viewer: User) -> Q:
    kind, colon, public_id = text.partition(":")
    if colon:
        return Q(**{f"{side}_kind": kind, f"{side}_id": public_id})
    return Q(**{f"{side}_id__in": [text, *_ids_by_name(text, viewer)]})


def _ids_by_name(name: str, viewer: User) -> list[str]:
    found: list[Any] = []
    if viewer.has_perm("advocates.view_user"):
        for user in User.objects.filter(email__iexact=name):
            found += [user.public_id, user.person_id]
    if viewer.has_perm("advocates.manage_staff"):
        found += StaffInvitation.objects.filter(email__iexact=name).values_list("public_id", flat=True)
    if viewer.has_perm("advocates.view_advocate"):
        for advocate in Advocate.objects.filter(username=name.lower()).select_related("user"):
            found += [advocate.person_id, *([advocate.user.public_id] if advocate.user else [])]
    return [str(public_id) for public_id in found]


def _names(parties: set[Party], viewer: User) -> dict[Party, str]:
    """The names of users, people, invitations and API keys among the parties."""
    ids: dict[str, list[UUID]] = {"user": [], "person": [], "advocate": [], "staff_invitation": [], "api_key": []}
    for kind, public_id in parties:
        if kind in ids and (uuid := _uuid(public_id)):
            ids[kind].append(uuid)
    names: dict[Party, str] = {}
    if viewer.has_perm("advocates.view_advocate"):
        named = Q(person__in=[*ids["person"], *ids["advocate"]]) | Q(user__public_id__in=ids["user"])
        for advocate in Advocate.objects.filter(named).select_related("user"):
            for kind in ("person", "advocate"):
                names[kind, str(advocate.person_id)] = advocate.display_name
            if advocate.user:
                names["user", str(advocate.user.public_id)] = advocate.display_name
    if viewer.has_perm("advocates.view_user"):
        users = User.objects.filter(public_id__in=ids["user"])
        names |= {("user", str(user.public_id)): user.email for user in users}
    if viewer.has_perm("advocates.manage_staff"):
        invited = StaffInvitation.objects.filter(public_id__in=ids["staff_invitation"])
        names |= {("staff_invitation", str(invitation.public_id)): invitation.email for invitation in invited}
    if viewer.has_perm("customers.manage_keys"):
        made = ApiKey.objects.filter(public_id__in=ids["api_key"])
        names |= {("api_key", str(key.public_id)): key.name for key in made}
    return names


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
