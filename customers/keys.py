"""API keys: making one, revoking it, and knowing whose a token is."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from customers.models import ApiKey
from customers.scopes import SCOPES
from spine import audit, events
from spine.audit import Party
from spine.refusal import Refusal

HEADS = {ApiKey.Kind.SECRET: "adv", ApiKey.Kind.PUBLISHABLE: "advp"}
TOKEN = re.compile(r"(?P<prefix>advp?_[0-9a-f]{12})_[0-9a-f]{64}")
# No token has this hash.
NOBODYS = "0" * 64


class InvalidKey(Refusal):
    """The key is malformed, unknown or revoked; it doesn't tell which."""

    code = "invalid_key"
    status = 401
    sentence = _("This API key is not known, or it was revoked.")


class MissingScope(Refusal):
    """The key may not do this."""

    code = "missing_scope"
    status = 403
    sentence = _("This API key lacks the scope %(scope)s.")


class NoSuchScope(Refusal):
    """A scope was named that the table does not hold, or none at all."""

    code = "no_such_scope"
    status = 422
    sentence = _("Choose at least one of the scopes.")


class ScopeNotPublishable(Refusal):
    """A key that anybody can read was to get a scope that needs a secret."""

    code = "scope_not_publishable"
    status = 422
    sentence = _("A publishable key can't have the scope %(scope)s: anybody can read the key and use it.")


class AlreadyRevoked(Refusal):
    """The key was revoked before."""

    code = "already_revoked"
    sentence = _("This key is revoked already.")


@transaction.atomic
def make(name: str, scopes: Iterable[str], kind: str, actor: Party, at: datetime) -> tuple[ApiKey, str]:
    """Make a key; return it and its token, which nobody can read again later.

    Raises NoSuchScope or ScopeNotPublishable.
    """
    kind, chosen = ApiKey.Kind(kind), _chosen(scopes, kind)
    prefix = f"{HEADS[kind]}_{secrets.token_hex(6)}"
    token = f"{prefix}_{secrets.token_hex(32)}"
    key = ApiKey.objects.create(
        name=name,
        kind=kind,
        scopes=chosen,
        prefix=prefix,
        token_hash=digest(token),
        created_by=actor[1],
        created_at=at,
    )
    audit.record(actor, "api_key.made", party(key), at=at)
    events.record(
        "api_key.made",
        person=None,
        subject=party(key),
        at=at,
        key=f"api_key.made:{key.public_id}",
        payload={"kind": kind.value, "scopes": chosen},
    )
    return key, token


@transaction.atomic
def revoke(key: ApiKey, actor: Party, at: datetime, reason: str) -> None:
    """End a key for good. Raises AlreadyRevoked."""
    if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        raise AlreadyRevoked
    key.revoked_at = at
    audit.record(actor, "api_key.revoked", party(key), at=at, reason=reason)
    events.record("api_key.revoked", person=None, subject=party(key), at=at, key=f"api_key.revoked:{key.public_id}")


def authenticate(token: str, at: datetime) -> ApiKey:
    """The key that the token opens, noted as used. Raises InvalidKey, whatever the cause."""
    read = TOKEN.fullmatch(token)
    if read is None:
        raise InvalidKey
    key = ApiKey.objects.filter(prefix=read["prefix"]).first()
    fits = constant_time_compare(digest(token), key.token_hash if key else NOBODYS)
    if key is None or not fits or key.revoked_at is not None:
        raise InvalidKey
    key.mark_used(at)
    return key


def party(key: ApiKey) -> Party:
    """How the audit and the events name a key."""
    return ("api_key", str(key.public_id))


def digest(token: str) -> str:
    """What is kept of a token. It holds 256 random bits, so an unsalted hash can't be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


def _chosen(scopes: Iterable[str], kind: ApiKey.Kind) -> list[str]:
    chosen = sorted(set(scopes))
    if not chosen or not SCOPES.keys() >= set(chosen):
        raise NoSuchScope
    for scope in chosen:
        if kind == ApiKey.Kind.PUBLISHABLE and not SCOPES[scope].is_publishable:
            raise ScopeNotPublishable(scope=scope)
    return chosen
