"""Designing programs: making one, changing its draft, and publishing what the draft says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from referrals import programs
from referrals.models import Program, Terms
from referrals.models.program import State
from referrals.terms import TermsDocument
from rewards import climbing
from rewards.models import Plan, Pool, Scheme
from rewards.plans import Benefit, PlanDocument
from spine import audit, events, money
from spine.inserts import insert_once
from spine.refusal import Refusal

FROZEN = ("currency", "time_zone")
# What stands beside a program's slug in addresses, so that no program is called so.
RESERVED = ("create",)


class FrozenAtPublication(Refusal):
    """What amounts and days are counted in is part of what people accepted."""

    code = "frozen_at_publication"
    sentence = _(
        "The currency and the time zone can't change once terms are published. Create another program instead."
    )


class DraftChangedMeanwhile(Refusal):
    """Somebody else saved the draft after it was read."""

    code = "draft_changed_meanwhile"
    sentence = _("Somebody else changed this program while you wrote. Open it again, then make your changes.")


class NothingToPublish(Refusal):
    """The draft says what the newest terms say."""

    code = "nothing_to_publish"
    status = 422
    sentence = _("The draft says what is published already. Change it, then publish it.")


class NoPool(Refusal):
    """Friends are promised a discount code, and there is nothing to take it from."""

    code = "no_pool"
    status = 422
    sentence = _("Friends get a discount code before they order. Choose the pool that their codes come from.")


class UnknownPool(Refusal):
    """The codes would come from a pool that is not this program's."""

    code = "unknown_pool"
    status = 422
    sentence = _("This pool belongs to another program. Choose one of this program's own.")


@dataclass(frozen=True)
class Draft:
    """What the next publication will say, and how often it was saved."""

    terms: TermsDocument
    plan: PlanDocument
    revision: int

    def written(self) -> dict[str, Any]:
        """As the program's row keeps it."""
        return {"terms": self.terms.written(), "plan": self.plan.written(), "revision": self.revision}


def draft(program: Program) -> Draft:
    """The program's draft. Raises BadTerms, BadPlan."""
    kept = program.draft
    if not kept:
        return first_draft(program.currency)
    return Draft(TermsDocument.read(kept["terms"]), PlanDocument.read(kept["plan"]), kept.get("revision", 0))


def first_draft(currency: str) -> Draft:
    """What a new program begins with: ten percent for the friend's first order, fifteen in credit for the advocate."""
    benefits = (
        Benefit("advocate", "credit", fixed=money.to_minor("15", currency), hold_days=14),
        Benefit("friend", "discount_code", when="before", percent=1000),
    )
    return Draft(TermsDocument(), PlanDocument(benefits), 0)


@transaction.atomic
def create(
    name: str,
    *,
    currency: str,
    time_zone: str,
    destination: str,
    actor: audit.Party,
    at: datetime,
    **more: Any,
) -> Program:
    """Make a program and its scheme, with a first draft to write upon; `more` are further columns of it.

    Raises UnknownCurrency.
    """
    first = first_draft(money.known(currency))
    program = Program(
        name=name,
        scheme=Scheme.objects.create(name=name, created_at=at),
        currency=currency,
        time_zone=time_zone,
        destination=destination,
        draft=first.written(),
        created_at=at,
        **more,
    )
    _insert_under_free_slug(program)
    _note(actor, "program.created", program, at, key=str(program.public_id))
    return program


@transaction.atomic
def edit(
    program: Program,
    *,
    terms: TermsDocument,
    plan: PlanDocument,
    upon: int,
    actor: audit.Party,
    at: datetime,
    **columns: Any,
) -> Program:
    """Save the draft that was written upon revision `upon`; the other `columns` hold at once, published or not.

    Raises DraftChangedMeanwhile, FrozenAtPublication, UnknownPool.
    """
    locked = lock(program)
    standing = draft(locked)
    if standing.revision != upon:
        raise DraftChangedMeanwhile
    _refuse_frozen(locked, columns)
    _refuse_foreign_pool(locked, plan)
    for column, value in columns.items():
        setattr(locked, column, value)
    locked.draft = Draft(terms, plan, upon + 1).written()
    locked.save(update_fields=[*columns, "draft"])
    _note(actor, "program.changed", locked, at, key=f"{locked.public_id}:{upon + 1}")
    return locked


@transaction.atomic
def publish(program: Program, terms: TermsDocument, plan: PlanDocument, actor: audit.Party, at: datetime) -> Terms:
    """Publish the next version of a program's terms with its plan; both hold from then on and never change.

    Raises NothingToPublish, UnknownPool, ProgramHasEnded and, once the program has a day to go live on, NoPool.
    """
    locked = lock(program)
    if plan.ladder:
        # Its months are the program's, whatever becomes of the program's time zone later.
        plan = replace(plan, ladder=replace(plan.ladder, zone=locked.time_zone))
    newest = locked.terms.select_related("plan").order_by("-version").first()
    if newest and (newest.document, newest.plan.document) == (terms.written(), plan.written()):
        raise NothingToPublish
    # Whoever waited for the lock publishes after whoever held it, whatever their clocks say.
    at = max(at, newest.published_at) if newest else at
    _refuse_unkept(locked, plan, at)
    by = {"published_at": at, "published_by": actor[1]}
    version = newest.version + 1 if newest else 1
    kept = Plan.objects.create(scheme_id=locked.scheme_id, version=version, document=plan.written(), **by)
    climbing.plan_published(locked.scheme_id, at)
    published = Terms.objects.create(program=locked, version=version, document=terms.written(), plan=kept, **by)
    payload = {"version": version}
    _note(actor, "terms.published", locked, at, key=str(published.public_id), payload=payload)
    return published


def lock(program: Program) -> Program:
    """The program's row, held until the transaction ends: whoever changes a program takes turns here."""
    return Program.objects.select_for_update().get(pk=program.pk)


def refuse_without_pool(plan: PlanDocument) -> None:
    """Raises NoPool where friends are promised a code before they order and no pool is named."""
    friend = plan.of("friend")
    if friend and friend.when == "before" and not friend.pool:
        raise NoPool


def _refuse_unkept(program: Program, plan: PlanDocument, at: datetime) -> None:
    _refuse_foreign_pool(program, plan)
    state = programs.state_at(program, at)
    if state == State.ENDED:
        raise programs.ProgramHasEnded
    if state != State.DRAFT:
        refuse_without_pool(plan)


def _refuse_frozen(program: Program, columns: Mapping[str, Any]) -> None:
    changed = [name for name in FROZEN if columns.get(name, getattr(program, name)) != getattr(program, name)]
    # Publishing holds the same lock, so no first version can come between this question and the change.
    if changed and program.terms.exists():
        raise FrozenAtPublication


def _refuse_foreign_pool(program: Program, plan: PlanDocument) -> None:
    named = {rule.benefit.pool for rule in plan.all_rules if rule.benefit.pool}
    known = Pool.objects.filter(scheme_id=program.scheme_id, public_id__in=named)
    if named and known.count() != len(named):
        raise UnknownPool


def _insert_under_free_slug(program: Program) -> None:
    stem = slugify(program.name)[:50].strip("-_") or "program"
    program.slug, number = stem, 1
    while program.slug in RESERVED or not insert_once([program], key=["slug"]):
        number += 1
        program.slug = f"{stem}-{number}"


def _note(
    actor: audit.Party,
    verb: str,
    program: Program,
    at: datetime,
    *,
    key: str,
    payload: Mapping[str, Any] | None = None,
) -> None:
    subject = ("program", str(program.public_id))
    audit.record(actor, verb, subject, at=at)
    events.record(verb, person=None, subject=subject, at=at, key=f"{verb}:{key}", payload=payload)
