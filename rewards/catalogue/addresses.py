"""Where something is sent by post, kept so that a copied database gives no address away."""

import json
from dataclasses import asdict, dataclass

from django.utils.translation import gettext_lazy as _

from advocates import places, sealing
from spine.refusal import Refusal

PURPOSE = "shipping addresses"


class BadAddress(Refusal):
    """Nothing could be sent there."""

    code = "bad_address"
    status = 422
    sentence = _("Give a name, a street, a town and a country, so that it arrives.")


@dataclass(frozen=True)
class Address:
    """Whom and where a parcel goes to; `country` is a code."""

    name: str
    street: str
    postcode: str
    town: str
    country: str

    def __post_init__(self) -> None:
        told = (self.name, self.street, self.town)
        if not all(text.strip() for text in told) or self.country not in dict(places.countries()):
            raise BadAddress
        if any(len(text) > 200 or "\0" in text for text in (*told, self.postcode)):
            raise BadAddress

    @property
    def lines(self) -> list[str]:
        """As it stands on a parcel."""
        town = f"{self.postcode} {self.town}".strip()
        return [self.name, *self.street.splitlines(), town, dict(places.countries())[self.country]]


def seal(address: Address) -> str:
    """The address as it is stored."""
    return sealing.seal(json.dumps(asdict(address), ensure_ascii=False), PURPOSE)


def read(sealed: str) -> Address | None:
    """The address in clear; None where there is none, or it was erased."""
    return Address(**json.loads(sealing.unseal(sealed, PURPOSE))) if sealed else None
