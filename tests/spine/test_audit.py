from spine import audit
from spine.models import AuditEntry
from tests.factories import NOON


def test_keeps_the_reason_apart_from_the_act(db):
    audit.record(("user", "u1"), "brand.changed", ("brand", "1"), at=NOON, reason="A new season")

    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.actor_id, entry.verb, entry.subject_kind, entry.subject_id, entry.at) == (
        "user",
        "u1",
        "brand.changed",
        "brand",
        "1",
        NOON,
    )
    assert entry.reason.text == "A new season"
