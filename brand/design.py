"""Changing how the brand looks and speaks."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from brand import colour, stylesheet
from brand.models import Brand
from spine import audit, events


@transaction.atomic
def change(brand: Brand, *, at: datetime, actor: audit.Party) -> Brand:
    """Make the site look and speak like this from now on."""
    Brand.objects.get_or_create(pk=1)
    standing = Brand.objects.select_for_update().get(pk=1)
    brand.pk, brand.revision = 1, standing.revision + 1
    brand.save()
    if standing.logo and standing.logo.name != brand.logo.name:
        transaction.on_commit(lambda: standing.logo.storage.delete(standing.logo.name or ""))
    subject = ("brand", "1")
    audit.record(actor, "brand.changed", subject, at=at)
    events.record(
        "brand.changed",
        person=None,
        subject=subject,
        at=at,
        key=f"brand.changed:{brand.revision}",
        payload={"revision": brand.revision},
    )
    return brand


@dataclass(frozen=True)
class AccentReading:
    """How an accent can be read: as chosen, and as it is used where it could not be."""

    chosen: str
    fill: str
    text: str
    ratio: float

    @property
    def is_adjusted(self) -> bool:
        """Whether buttons or links take a shade of the colour instead of itself."""
        return {self.fill, self.text} != {self.chosen}


def read_accent(accent: str) -> AccentReading:
    """How this accent stands on the site's paper: its contrast there, and the shades that buttons and links take."""
    accent = accent.lower()
    return AccentReading(
        chosen=accent,
        fill=stylesheet.button(accent),
        text=colour.readable(accent, stylesheet.PAPER),
        ratio=int(colour.contrast(accent, stylesheet.PAPER) * 10) / 10,
    )
