import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, connection, transaction

from spine import audit, events, guards
from spine.models import AuditEntry, Event
from tests.factories import NOON


@pytest.fixture
def entry(db):
    return audit.record(("user", "u1"), "brand.changed", ("brand", "1"), at=NOON)


@pytest.fixture
def event(db):
    return events.record("order.placed", person=None, subject=("order", "o1"), at=NOON, key="order:o1")


def run(sql, *params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


def drop(model, act="update"):
    on = f" ON {model._meta.db_table}" if connection.vendor == "postgresql" else ""
    run(f"DROP TRIGGER {model._meta.db_table}_append_only_{act}{on}")


def test_refuses_an_update_through_the_orm(entry):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEntry.objects.update(verb="brand.deleted")

    assert AuditEntry.objects.get().verb == "brand.changed"


def test_refuses_a_delete_through_the_orm(entry):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        entry.delete()

    assert AuditEntry.objects.count() == 1


def test_refuses_raw_sql(entry):
    with pytest.raises(IntegrityError, match="append-only"):
        run("UPDATE spine_auditentry SET actor_id = %s", "somebody else")
    with pytest.raises(IntegrityError, match="append-only"):
        run("DELETE FROM spine_auditentry")

    assert AuditEntry.objects.get().actor_id == "u1"


@pytest.mark.services
def test_refuses_a_truncate(entry):
    with pytest.raises(IntegrityError, match="append-only"):
        run("TRUNCATE spine_auditentry CASCADE")

    assert AuditEntry.objects.count() == 1


@pytest.mark.embedded
def test_refuses_a_replace(entry):
    with pytest.raises(IntegrityError, match="append-only"):
        run(
            "INSERT OR REPLACE INTO spine_auditentry (id, actor_kind, actor_id, verb, subject_kind, subject_id, at)"
            " VALUES (%s, 'user', 'u2', 'brand.deleted', 'brand', '1', '2026-11-21 12:00:00')",
            entry.pk,
        )

    assert AuditEntry.objects.get().actor_id == "u1"


def test_refuses_an_upsert(event):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Event.objects.bulk_create(
            [Event(key="order:o1", name="order.forged", subject_kind="order", subject_id="o1", at=NOON)],
            update_conflicts=True,
            update_fields=["name"],
            unique_fields=["key"],
        )

    assert Event.objects.get().name == "order.placed"


def test_lets_a_position_be_set_once(event):
    Event.objects.update(position=7)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Event.objects.update(position=8)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Event.objects.update(position=None)
    assert Event.objects.get().position == 7


def test_lets_nothing_else_change_while_the_position_is_set(event):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Event.objects.update(position=7, payload={"amount": 1})

    assert Event.objects.values_list("position", "payload").get() == (None, {})


def test_is_red_while_a_guard_is_missing(db):
    drop(AuditEntry)

    with pytest.raises(SystemCheckError, match=r"(?s)spine\.E001.*spine_auditentry_append_only_update"):
        call_command("check", databases=["default"])
    assert guards.missing() == ["spine_auditentry_append_only_update"]


def test_is_red_while_a_guard_says_something_else(db):
    drop(AuditEntry)
    if connection.vendor == "postgresql":
        run("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$")
        body = "FOR EACH ROW EXECUTE FUNCTION nothing()"
    else:
        body = "BEGIN SELECT 1; END"
    run(f"CREATE TRIGGER spine_auditentry_append_only_update BEFORE UPDATE ON spine_auditentry {body}")

    assert guards.missing() == ["spine_auditentry_append_only_update"]


@pytest.mark.services
def test_is_red_while_a_guard_is_switched_off(db):
    run("ALTER TABLE spine_event DISABLE TRIGGER spine_event_append_only_delete")

    assert guards.missing() == ["spine_event_append_only_delete"]


@pytest.mark.services
def test_is_red_while_the_function_of_the_guards_lets_changes_pass(entry):
    run("CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$")

    assert guards.missing() == [guards.FUNCTION]
    assert guards.install() == [guards.FUNCTION]
    with pytest.raises(IntegrityError, match="append-only"):
        run("DELETE FROM spine_auditentry")


def test_is_green_with_every_guard_standing(db, capsys):
    call_command("check", databases=["default"])

    assert guards.missing() == []


def test_lays_what_is_missing_and_writes_it_down(db, capsys):
    drop(Event, "delete")

    call_command("install_guards")
    call_command("install_guards")

    assert capsys.readouterr().out == "laid spine_event_append_only_delete\nEvery guard stands already.\n"
    assert guards.missing() == []
    assert AuditEntry.objects.values_list("verb", "subject_kind", "subject_id").get() == (
        "guard.installed",
        "trigger",
        "spine_event_append_only_delete",
    )


def test_lays_guards_again_after_a_migration(transactional_db):
    drop(AuditEntry)

    call_command("migrate", verbosity=0)

    assert guards.missing() == []


@pytest.mark.embedded
def test_lays_guards_again_after_sqlite_rebuilt_a_table(transactional_db):
    with connection.constraint_checks_disabled(), connection.schema_editor() as editor:
        editor._remake_table(AuditEntry)
    assert guards.missing() == ["spine_auditentry_append_only_update", "spine_auditentry_append_only_delete"]

    call_command("migrate", verbosity=0)

    assert guards.missing() == []


def test_flushes_what_may_not_be_deleted(transactional_db):
    audit.record(("user", "u1"), "brand.changed", ("brand", "1"), at=NOON)

    call_command("flush", interactive=False, verbosity=0)

    assert AuditEntry.objects.count() == 0
    assert guards.missing() == []


def test_stands_again_when_what_lifted_it_fails(transactional_db):
    audit.record(("user", "u1"), "brand.changed", ("brand", "1"), at=NOON)

    def fail():
        with guards.lifted():
            AuditEntry.objects.update(verb="brand.deleted")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert guards.missing() == []
    assert AuditEntry.objects.get().verb == "brand.changed"
