"""The address in a message at which its reader says "no more of these" (RFC 8058)."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from brand import suppression
from brand.models import Suppression
from spine.refusal import Refusal

_SALT = "brand.unsubscribe"


class UnknownLink(Refusal):
    """The address is not one that we wrote."""

    code = "unknown_unsubscribe_link"
    status = 404
    sentence = _("This unsubscribe link is incomplete. Open it again from the email itself.")


@dataclass(frozen=True)
class Reader:
    """Whom a link stands for: recognised, shown, but not named."""

    address_hash: str
    masked: str


def url(address: str) -> str:
    """The link for this address. It works for as long as the mail may be kept, and holds no address in clear."""
    token = signing.dumps([suppression.address_hash(address), suppression.mask(address)], salt=_SALT)
    return settings.BASE_URL + reverse("brand:unsubscribe", args=[token])


def read(token: str) -> Reader:
    """Whom this link stands for. Raises UnknownLink."""
    try:
        return Reader(*signing.loads(token, salt=_SALT))
    except (signing.BadSignature, ValueError, TypeError) as bad:
        raise UnknownLink from bad


def unsubscribe(reader: Reader, at: datetime) -> None:
    """Send them only what they asked for from now on; saying so twice changes nothing."""
    suppression.suppress_hash(
        reader.address_hash, reader.masked, Suppression.Reason.UNSUBSCRIBED, at=at, actor=suppression.READER
    )
