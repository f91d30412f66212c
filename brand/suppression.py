"""Addresses that must not be written to: folded, hashed, masked, added and lifted."""

import hashlib
import hmac
import unicodedata
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from brand.models import Suppression
from spine import audit, events
from spine.inserts import insert_once
from spine.refusal import Refusal

# Who acted when no person did: the mail provider, or the reader of a message, whom we know only by the message.
PROVIDER: audit.Party = ("system", "mail")
READER: audit.Party = ("reader", "mail")


class NotSuppressed(Refusal):
    """Somebody lifted a suppression that does not stand (any more)."""

    code = "not_suppressed"
    status = 404
    sentence = _("That address is not on the list any more.")


def fold(address: str) -> str:
    """The form in which two spellings of one mailbox are equal: case, width and the domain's alphabet.

    Dots and +tags are kept: at most providers they name different mailboxes.
    """
    local, at_sign, domain = _caseless(address).strip().rpartition("@")
    return f"{local}{at_sign}{_ascii(domain)}"


def mask(address: str) -> str:
    """A form that its owner recognises and nobody else can write to: d•••@example.com."""
    local, _at_sign, domain = fold(address).rpartition("@")
    return f"{local[:1]}•••@{domain}"[:120]


def address_hash(address: str) -> str:
    """The keyed hash that recognises an address, in any spelling, without keeping it."""
    message = b"address\0" + fold(address).encode(errors="surrogatepass")
    return hmac.new(settings.IDENTITY_KEY.encode(), message, hashlib.sha256).hexdigest()


def is_suppressed(address: str, *, transactional: bool) -> bool:
    """Whether this address must not get such a message; who unsubscribed still gets what they asked for."""
    standing = Suppression.objects.filter(address_hash=address_hash(address))
    if transactional:
        standing = standing.exclude(reason=Suppression.Reason.UNSUBSCRIBED)
    return standing.exists()


def suppress(address: str, reason: str, *, at: datetime, actor: audit.Party, words: str = "") -> Suppression | None:
    """Stop writing to an address for one reason; None if that stands already."""
    return suppress_hash(address_hash(address), mask(address), reason, at=at, actor=actor, words=words)


@transaction.atomic
def suppress_hash(
    hashed: str, masked: str, reason: str, *, at: datetime, actor: audit.Party, words: str = ""
) -> Suppression | None:
    """The same for one whom we recognise without knowing the address."""
    row = Suppression(address_hash=hashed, masked=masked, reason=reason, at=at)
    if not insert_once([row], key=["address_hash", "reason"]):
        return None
    subject = ("suppression", str(row.pk))
    events.record(
        "address.suppressed",
        person=None,
        subject=subject,
        at=at,
        key=f"address.suppressed:{row.pk}",
        payload={"reason": reason},
    )
    audit.record(actor, "address.suppressed", subject, at=at, reason=words)
    return row


@transaction.atomic
def lift(pk: int, *, at: datetime, actor: audit.Party, words: str) -> None:
    """Write to an address again, for the reason that `words` give. Raises NotSuppressed."""
    if not Suppression.objects.filter(pk=pk).delete()[0]:
        raise NotSuppressed
    audit.record(actor, "address.lifted", ("suppression", str(pk)), at=at, reason=words)
    events.record("address.lifted", person=None, subject=("suppression", str(pk)), at=at, key=f"address.lifted:{pk}")


def _caseless(text: str) -> str:
    """Unicode's own caseless form (its definition D146), which folding once more does not change."""
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain
