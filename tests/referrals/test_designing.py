from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from referrals import programs
from referrals.design import designing
from referrals.models import Program, Terms
from referrals.terms import TermsDocument
from rewards.models import Plan, Pool
from rewards.plans import Benefit, PlanDocument
from spine.models import AuditEntry, Event
from tests.factories import LONG_AGO, NOON, PLAN, TERMS, make_program

ADA = ("user", "ada")
CREDIT = PlanDocument((Benefit("advocate", "credit", fixed=1500, hold_days=14),))


def create(name="Tell a friend", **fields):
    fields = {"currency": "USD", "time_zone": "UTC", "destination": "https://shop.example/", **fields}
    return designing.create(name, actor=ADA, at=NOON, **fields)


def edit(program, *, terms=TERMS, plan=CREDIT, upon=0, **columns):
    return designing.edit(program, terms=terms, plan=plan, upon=upon, actor=ADA, at=NOON, **columns)


def test_makes_a_program_with_its_scheme_and_a_draft(db):
    program = create(currency="JPY", share_text="Try it.")

    program.refresh_from_db()
    assert (program.slug, program.currency, program.share_text) == ("tell-a-friend", "JPY", "Try it.")
    assert (program.scheme.name, program.scheme.created_at) == ("Tell a friend", NOON)
    assert designing.draft(program).plan.of("advocate").fixed == 15
    assert programs.state_at(program, NOON) == "draft"
    assert AuditEntry.objects.get().verb == Event.objects.get().name == "program.created"


@pytest.mark.parametrize(
    ("name", "slugs"),
    [("Create", ["create-2", "create-3"]), ("友達", ["program", "program-2"]), ("A b", ["a-b", "a-b-2"])],
)
def test_finds_an_address_for_every_name(db, name, slugs):
    assert [create(name).slug, create(name).slug] == slugs


def test_saves_a_draft_and_what_holds_at_once(db):
    program = create()

    edit(program, terms=replace(TERMS, window_days=60), name="Tell two friends", currency="EUR")

    program.refresh_from_db()
    assert (program.name, program.currency, program.slug) == ("Tell two friends", "EUR", "tell-a-friend")
    draft = designing.draft(program)
    assert (draft.terms.window_days, draft.plan, draft.revision) == (60, CREDIT, 1)


def test_refuses_a_draft_that_was_written_upon_an_older_one(db):
    program = create()
    edit(program, name="First")

    with pytest.raises(designing.DraftChangedMeanwhile):
        edit(program, name="Second")

    program.refresh_from_db()
    assert (program.name, designing.draft(program).revision) == ("First", 1)


@pytest.mark.parametrize("columns", [{"currency": "EUR"}, {"time_zone": "Europe/Oslo"}])
def test_freezes_currency_and_time_zone_at_the_first_publication(db, columns):
    program = create()
    designing.publish(program, TERMS, CREDIT, ADA, NOON)

    with pytest.raises(designing.FrozenAtPublication):
        edit(program, **columns)

    edit(program, name="Another name", currency="USD", time_zone="UTC")
    program.refresh_from_db()
    assert (program.currency, program.time_zone, program.name) == ("USD", "UTC", "Another name")


def test_publishes_terms_that_point_at_their_plan(db):
    program = create()

    first = designing.publish(program, TERMS, CREDIT, ADA, NOON)
    second = designing.publish(program, replace(TERMS, window_days=60), CREDIT, ADA, NOON + timedelta(days=1))

    assert (first.version, first.plan.version, second.version, second.plan.version) == (1, 1, 2, 2)
    assert first.plan.scheme == program.scheme
    assert (first.published_at, first.published_by) == (NOON, "ada")
    assert TermsDocument.read(second.document).window_days == 60
    assert programs.terms_at(program, NOON) == first
    event = Event.objects.filter(name="terms.published").latest("pk")
    assert (event.subject_id, event.payload) == (str(program.public_id), {"version": 2})
    assert AuditEntry.objects.filter(verb="terms.published").count() == 2


def test_publishes_nothing_that_stands_already(db):
    program = create()
    designing.publish(program, TERMS, CREDIT, ADA, NOON)

    with pytest.raises(designing.NothingToPublish):
        designing.publish(program, TERMS, CREDIT, ADA, NOON + timedelta(days=1))

    assert (Terms.objects.count(), Plan.objects.count()) == (1, 1)


def test_publishes_after_the_newest_whatever_the_clock_says(db):
    program = create()
    designing.publish(program, TERMS, CREDIT, ADA, NOON)

    later = designing.publish(program, replace(TERMS, window_days=60), CREDIT, ADA, NOON - timedelta(hours=1))

    assert later.published_at == NOON
    assert programs.terms_at(program, NOON) == later


@pytest.mark.parametrize("state", ["scheduled", "live", "paused"])
def test_refuses_a_code_without_a_pool_once_the_program_has_a_day(db, state):
    program = make_program(state=state, terms=None)

    with pytest.raises(designing.NoPool):
        designing.publish(program, TERMS, PLAN, ADA, NOON)

    assert not Terms.objects.exists()


def test_refuses_another_programs_pool(db):
    program, other = create(), create()
    pool = Pool.objects.create(scheme=other.scheme, name="Codes", created_at=NOON)
    plan = PlanDocument((Benefit("friend", "discount_code", "before", percent=1000, pool=str(pool.public_id)),))

    with pytest.raises(designing.UnknownPool):
        designing.publish(program, TERMS, plan, ADA, NOON)
    with pytest.raises(designing.UnknownPool):
        edit(program, plan=plan)

    assert not Terms.objects.exists()


def test_publishes_nothing_once_the_program_has_ended(db):
    program = make_program(state="ended")

    with pytest.raises(programs.ProgramHasEnded):
        designing.publish(program, replace(TERMS, window_days=60), CREDIT, ADA, NOON)

    assert program.terms.count() == 1


def test_keeps_published_terms_and_plans_in_the_database(db):
    terms = make_program().terms.get()

    for row in (terms, terms.plan):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            type(row).objects.update(document={})
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            type(row).objects.filter(pk=row.pk)._raw_delete("default")

    terms.refresh_from_db()
    assert (terms.document, terms.published_at) == (TERMS.written(), LONG_AGO)


@pytest.mark.django_db(transaction=True)
def test_makes_two_versions_of_two_publications_at_once():
    program = create()

    def publish(days):
        try:
            return designing.publish(program, replace(TERMS, window_days=days), CREDIT, ADA, NOON).version
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        versions = sorted(pool.map(publish, [60, 90]))

    assert versions == [1, 2]
    assert sorted(Plan.objects.values_list("version", flat=True)) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_keeps_the_currency_frozen_whoever_comes_first():
    program = create()

    def publish():
        designing.publish(program, TERMS, CREDIT, ADA, NOON)

    def change():
        try:
            edit(program, currency="EUR")
        except designing.FrozenAtPublication:
            return

    def run(act):
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, [publish, change]))

    changed = Event.objects.filter(name="program.changed").first()
    published = Event.objects.get(name="terms.published")
    expected = "EUR" if changed and changed.pk < published.pk else "USD"
    assert Program.objects.get().currency == expected
