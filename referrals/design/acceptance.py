"""Saying yes to a program's rules: on joining, or later with one click."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from advocates.joining import Step, ToAccept
from customers.models import Person
from referrals import programs
from referrals.models import Acceptance, Program, Terms
from referrals.models.program import State
from referrals.share import links
from spine import events
from spine.inserts import insert_once
from spine.refusal import Refusal

_KEY = "terms:"


class RulesChangedMeanwhile(Refusal):
    """The version that was read is not the one in force any more."""

    code = "rules_changed_meanwhile"
    sentence = _("These rules have changed just now. Read the new ones, then accept them.")


@dataclass(frozen=True)
class Ask:
    """Rules in force that a person has not accepted, and the latest version of them that they have, if any."""

    terms: Terms
    before: Terms | None


def asks(person: Person, live: Sequence[Program], at: datetime) -> list[Ask]:
    """What the person is asked to accept of the rules of the `live` programs."""
    in_force = _in_force(live, at)
    accepted = Acceptance.objects.filter(person=person, terms__program__in=[terms.program_id for terms in in_force])
    latest: dict[int, Terms] = {}
    for yes in accepted.select_related("terms__plan").order_by("terms__version"):
        latest[yes.terms.program_id] = yes.terms
    found = [Ask(terms, latest.get(terms.program_id)) for terms in in_force]
    return [ask for ask in found if ask.before != ask.terms]


def needed(person: Person, at: datetime) -> list[Terms]:
    """The rules in force that the person has not accepted, program by program."""
    return [ask.terms for ask in asks(person, programs.live(at), at)]


@transaction.atomic
def accept(person: Person, terms: Terms, at: datetime) -> None:
    """Write down that the person accepts these rules, and give them their link at once; a second yes changes nothing.

    Raises RulesChangedMeanwhile where a newer version is in force.
    """
    program = terms.program
    if programs.terms_at(program, at) != terms:
        raise RulesChangedMeanwhile
    _record(person, terms, at)
    if programs.state_at(program, at) == State.LIVE:
        links.give(program, person, at)


class OnJoining(Step):
    """Rules of live programs are accepted together with the user agreement."""

    def asks(self, at: datetime) -> list[ToAccept]:
        """The rules in force of each live program."""
        return [
            ToAccept(
                key=f"{_KEY}{terms.public_id}",
                label=_("the rules of %(program)s") % {"program": terms.program.name},
                url=reverse("referrals:rules_version", args=[terms.program.slug, terms.version]),
            )
            for terms in _in_force(programs.live(at), at)
        ]

    def accepted(self, person: Person, keys: Collection[str], at: datetime) -> None:
        """Write down exactly the versions that were on the screen, and give the links at once."""
        shown = [UUID(key.removeprefix(_KEY)) for key in keys if key.startswith(_KEY)]
        found = Terms.objects.filter(public_id__in=shown).order_by("pk") if shown else Terms.objects.none()
        for terms in found.select_related("program"):
            _record(person, terms, at)
            links.give(terms.program, person, at)


def _in_force(live: Sequence[Program], at: datetime) -> list[Terms]:
    """The rules of each program; they know it without a query."""
    found = [programs.terms_at(program, at) for program in live]
    return [terms for terms in found if terms]


def _record(person: Person, terms: Terms, at: datetime) -> None:
    if not insert_once([Acceptance(person=person, terms=terms, at=at)], key=["person", "terms"]):
        return
    events.record(
        "terms.accepted",
        person=person.pk,
        subject=("program", str(terms.program.public_id)),
        at=at,
        key=f"terms.accepted:{terms.public_id}:{person.pk}",
        payload={"version": terms.version},
    )
