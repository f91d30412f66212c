"""Connecting a shop's software: whose it is, and the secrets under which its deliveries are believed."""

import base64
import re
import secrets
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from advocates import sealing
from customers.models import Source
from integrations.models import Connection
from integrations.vendors import VENDORS
from spine import audit, signatures
from spine.audit import Party
from spine.inserts import insert_once
from spine.refusal import Refusal

PURPOSE = "shop secrets"
# How long a shop may still sign with the secret that it had before.
OVERLAP = timedelta(days=3)


class BadSecret(Refusal):
    """A secret that the shop's software would not make."""

    code = "bad_secret"
    status = 422
    sentence = _("This doesn't look like the secret that %(vendor)s shows. Copy it once more, from its beginning.")


class AlreadySigned(Refusal):
    """The shop's software is connected already."""

    code = "already_signed"
    sentence = _("This shop delivers by %(vendor)s already.")


class SameSecret(Refusal):
    """The secret is the one that is known."""

    code = "same_secret"
    sentence = _("This is the secret that we have already.")


@transaction.atomic
def connect(source: Source, vendor: str, actor: Party, at: datetime) -> Connection:
    """Say which software a shop runs. Raises AlreadySigned."""
    made = Connection(source=source, vendor=Connection.Vendor(vendor), created_at=at)
    if not insert_once([made], key=["source"]):
        standing = Connection.objects.get(source=source)
        raise AlreadySigned(vendor=standing.get_vendor_display())
    audit.record(actor, "connection.made", ("source", source.key), at=at)
    return made


def make_secret(connection: Connection, actor: Party, at: datetime) -> str:
    """Make a secret for software that takes ours; nobody can read it again later."""
    made = signatures.HEAD + base64.b64encode(secrets.token_bytes(32)).decode()
    _keep(connection, made, actor, at)
    return made


def enter_secret(connection: Connection, secret: str, actor: Party, at: datetime) -> None:
    """Keep the secret that the software made. Raises BadSecret, SameSecret."""
    if not re.fullmatch(VENDORS[connection.vendor].shape, secret.strip()):
        raise BadSecret(vendor=connection.get_vendor_display())
    _keep(connection, secret.strip(), actor, at)


def believed(connection: Connection, at: datetime) -> list[str]:
    """The secrets under which a delivery is believed now: the one that stands, and before it is over the former."""
    sealed = [connection.secret]
    if connection.former_until and at < connection.former_until:
        sealed.append(connection.former_secret)
    return [opened for each in sealed if each and (opened := _opened(each))]


@transaction.atomic
def _keep(connection: Connection, secret: str, actor: Party, at: datetime) -> None:
    held = Connection.objects.select_for_update().get(pk=connection.pk)
    if held.secret:
        if _opened(held.secret) == secret:
            raise SameSecret
        held.former_secret, held.former_until = held.secret, at + OVERLAP
    held.secret, held.secret_since = sealing.seal(secret, PURPOSE), at
    held.save(update_fields=["secret", "secret_since", "former_secret", "former_until"])
    audit.record(actor, "connection.secret_changed", ("source", held.source.key), at=at)


def _opened(sealed: str) -> str:
    """The secret; nothing where another site's key sealed it, so that it is entered anew."""
    try:
        return sealing.unseal(sealed, PURPOSE)
    except InvalidToken:
        return ""
