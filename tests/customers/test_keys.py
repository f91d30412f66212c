import ast
import hashlib
import inspect
import re
from datetime import timedelta

import pytest
from django.core import serializers
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from customers import keys
from customers.models import ApiKey
from customers.scopes import SCOPES
from spine.models import AuditEntry, Event
from tests.factories import NOON, make_key

ADA = ("user", "u-ada")
MINUTE = timedelta(minutes=1)


def test_makes_a_key_whose_token_is_nowhere(db):
    key, token = keys.make("Our shop", ["facts:write", "facts:read"], "secret", ADA, NOON)

    assert re.fullmatch(r"adv_[0-9a-f]{12}_[0-9a-f]{64}", token)
    assert token.startswith(f"{key.prefix}_")
    stored = ApiKey.objects.get()
    assert (stored.name, stored.scopes, stored.created_by, stored.created_at, stored.last_used_at) == (
        "Our shop",
        ["facts:read", "facts:write"],
        "u-ada",
        NOON,
        None,
    )
    assert stored.token_hash == hashlib.sha256(token.encode()).hexdigest()
    secret = token.rpartition("_")[2]
    for model in (ApiKey, AuditEntry, Event):
        assert secret not in serializers.serialize("json", model.objects.all())


def test_writes_down_who_made_it(db):
    key, _token = keys.make("Our shop", ["facts:write"], "secret", ADA, NOON)

    entry, event = AuditEntry.objects.get(), Event.objects.get()
    assert (entry.actor_id, entry.verb, entry.subject_kind, entry.subject_id, entry.at) == (
        "u-ada",
        "api_key.made",
        "api_key",
        str(key.public_id),
        NOON,
    )
    assert (event.name, event.person, event.payload) == (
        "api_key.made",
        None,
        {"kind": "secret", "scopes": ["facts:write"]},
    )


def test_makes_no_two_tokens_alike(db):
    assert len({make_key()[1] for _ in range(20)}) == 20


def test_tells_a_publishable_key_by_its_beginning(db):
    key, token = make_key("touches:write", kind="publishable")

    assert token.startswith("advp_")
    assert keys.authenticate(token, NOON) == key


@pytest.mark.parametrize("scope", sorted(SCOPES.keys() - {"touches:write"}))
def test_gives_a_publishable_key_nothing_that_needs_a_secret(db, scope):
    with pytest.raises(keys.ScopeNotPublishable):
        keys.make("Page", ["touches:write", scope], "publishable", ADA, NOON)

    assert (ApiKey.objects.count(), AuditEntry.objects.count(), Event.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("scopes", [["facts:write"], ["facts:write", "touches:write"], []])
def test_refuses_a_publishable_key_with_amounts_in_the_database(db, scopes):
    key, _token = make_key("touches:write", kind="publishable")

    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(scopes=scopes)

    assert ApiKey.objects.get().scopes == ["touches:write"]


def test_lets_a_publishable_key_do_nothing_else_whatever_it_holds():
    key = ApiKey(kind="publishable", scopes=["facts:write", "touches:write"])

    assert not key.may("facts:write")
    assert key.may("touches:write")


@pytest.mark.parametrize("scopes", [[], ["facts:burn"], ["facts:write", "facts:burn"]])
def test_refuses_no_scope_and_an_unknown_one(db, scopes):
    with pytest.raises(keys.NoSuchScope):
        keys.make("Our shop", scopes, "secret", ADA, NOON)

    assert ApiKey.objects.count() == 0


def test_lets_a_key_do_what_its_scopes_name(db):
    key, _token = make_key("facts:read")

    assert {scope for scope in SCOPES if key.may(scope)} == {"facts:read"}


def test_ends_a_key(db):
    key, token = make_key()
    later = NOON + MINUTE

    keys.revoke(key, ADA, later, "It was in a screenshot")

    assert ApiKey.objects.get().revoked_at == later
    entry = AuditEntry.objects.get(verb="api_key.revoked")
    assert (entry.actor_id, entry.subject_id, entry.reason.text) == (
        "u-ada",
        str(key.public_id),
        "It was in a screenshot",
    )
    assert Event.objects.filter(name="api_key.revoked", subject_id=str(key.public_id)).count() == 1
    with pytest.raises(keys.InvalidKey):
        keys.authenticate(token, later)
    assert ApiKey.objects.get().last_used_at is None


def test_ends_a_key_only_once(db):
    key, _token = make_key()
    stale = ApiKey.objects.get(pk=key.pk)
    keys.revoke(key, ADA, NOON, "First")

    with pytest.raises(keys.AlreadyRevoked):
        keys.revoke(stale, ADA, NOON + MINUTE, "Second")

    assert ApiKey.objects.get().revoked_at == NOON
    assert AuditEntry.objects.filter(verb="api_key.revoked").count() == 1


def test_knows_nobody_by_a_wrong_token(db):
    key, token = make_key()
    other = make_key()[1]
    wrong = [
        "",
        "adv_",
        token[:-1],
        f"{token}0",
        token.upper(),
        f" {token}",
        f"{token}\n",
        token.replace("adv_", "advp_"),
        f"{key.prefix}_{'0' * 64}",
        f"{key.prefix}_{other.rpartition('_')[2]}",
        f"adv_{'0' * 12}_{token.rpartition('_')[2]}",
        "adv_\xff",
        "x" * 100_000,
    ]

    for given in wrong:
        with pytest.raises(keys.InvalidKey):
            keys.authenticate(given, NOON)

    assert not ApiKey.objects.exclude(last_used_at=None).exists()


def test_compares_the_hash_of_a_known_and_of_an_unknown_key_in_constant_time():
    tree = ast.parse(inspect.getsource(keys.authenticate))

    compared = [
        {name.attr for name in ast.walk(node) if isinstance(name, ast.Attribute)}
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
    ]
    called = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert "constant_time_compare(digest(token), key.token_hash if key else NOBODYS)" in called
    assert not any("token_hash" in names for names in compared)


def test_notes_its_use_at_most_once_a_minute(db):
    key, token = make_key()

    noted = []
    for seconds in (0, 1, 59, 60, 61, 119, 120):
        keys.authenticate(token, NOON + timedelta(seconds=seconds))
        noted.append((ApiKey.objects.get(pk=key.pk).last_used_at - NOON).seconds)

    assert noted == [0, 0, 0, 60, 60, 60, 120]


def test_asks_the_database_once_between_two_notes(db):
    _key, token = make_key()
    keys.authenticate(token, NOON)

    with CaptureQueriesContext(connection) as captured:
        keys.authenticate(token, NOON + timedelta(seconds=30))

    assert [query["sql"].split()[0] for query in captured] == ["SELECT"]


def test_notes_a_use_once_for_two_who_read_it_at_once(db):
    key, _token = make_key()
    one, other = ApiKey.objects.get(pk=key.pk), ApiKey.objects.get(pk=key.pk)

    one.mark_used(NOON + timedelta(seconds=5))
    other.mark_used(NOON)

    assert ApiKey.objects.get().last_used_at == NOON + timedelta(seconds=5)
