"""The words and the buttons by which an advocate passes their link on."""

from dataclasses import dataclass
from urllib.parse import quote

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brand.models import Brand
from referrals.models import Link, Program
from referrals.share import links


@dataclass(frozen=True)
class Button:
    """One place to share in: what it is called, its icon, and the address that opens it with everything filled in."""

    label: str | Promise
    icon: str
    url: str


@dataclass(frozen=True)
class Kit:
    """Everything by which one link is passed on."""

    link: Link
    url: str
    # The words alone, ending with the disclosure that the program asks for, and the same around the link.
    words: str
    message: str
    # Through the device's own share sheet.
    sheet_url: str
    buttons: tuple[Button, ...]


# Channel, label, icon and the address that opens it, with places for a subject, the message, and the link alone.
_PLACES: tuple[tuple[str, str | Promise, str, str], ...] = (
    ("email", gettext_lazy("Email"), "envelope", "mailto:?subject={subject}&body={message}"),
    ("whatsapp", "WhatsApp", "chat-bubble-oval-left-ellipsis", "https://wa.me/?text={message}"),
    ("sms", gettext_lazy("Text message"), "device-phone-mobile", "sms:?&body={message}"),
    ("x", "X", "megaphone", "https://x.com/intent/post?text={message}"),
    ("facebook", "Facebook", "hand-thumb-up", "https://www.facebook.com/sharer/sharer.php?u={link}"),
    ("linkedin", "LinkedIn", "briefcase", "https://www.linkedin.com/sharing/share-offsite/?url={link}"),
)


def kit(link: Link, program: Program, brand: Brand) -> Kit:
    """What the advocate's home shows of a link."""
    return Kit(
        link=link,
        url=links.url(link),
        words=" ".join(_around(program, brand)),
        message=_message(program, brand, links.url(link, "copy")),
        sheet_url=links.url(link, "share"),
        buttons=tuple(_button(link, program, brand, *place) for place in _PLACES),
    )


def _message(program: Program, brand: Brand, address: str) -> str:
    said, *disclosure = _around(program, brand)
    return " ".join([said, address, *disclosure])


def _around(program: Program, brand: Brand) -> list[str]:
    """The program's own words, else ours, and the line by which a reader knows that there is something in it."""
    said = program.share_text or _("I like %(brand)s and think you will too.") % {"brand": brand.name}
    return [said, program.disclosure] if program.disclosure else [said]


def _button(
    link: Link, program: Program, brand: Brand, channel: str, label: str | Promise, icon: str, place: str
) -> Button:
    address = links.url(link, channel)
    subject = _("Something from %(brand)s for you") % {"brand": brand.name}
    told = {"message": _message(program, brand, address), "link": address, "subject": subject}
    return Button(label, icon, place.format(**{name: quote(value, safe="") for name, value in told.items()}))
