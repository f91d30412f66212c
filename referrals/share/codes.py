"""Codes and aliases: what they are made of, and which link a text leads to."""

import hashlib
import hmac
import re
import secrets

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from referrals.models import Code
from referrals.share import rude_words
from rewards.pools import fold
from spine.refusal import Refusal

__all__ = ["AliasNotAllowed", "AliasReserved", "alias", "find", "fold", "key", "make"]

LONGEST = 40
LENGTH = 8
# No vowels, so that no words form, and nothing that is taken for something else: 0 and O, 1, I and L, 2 and Z, 5 and S,
# 6 and G, 8 and B.
ALPHABET = "3479CDFHJKMNPQRTVWXY"
_ALIAS = re.compile(r"(?=.{3,30}\Z)[A-Z0-9]+(-[A-Z0-9]+)*")
# Names under which somebody would pass for the brand's own people, or that some program reads as "nothing".
_RESERVED = (
    "ABOUT ACCOUNT ADMIN ADMINISTRATOR API APP BILLING CODE CONTACT COUPON DEMO DISCOUNT FRIEND FRIENDS FREE GIFT GUEST"
    " HELP HELPDESK HOME INFO INVITE JOIN LEGAL LINK LOGIN MAIL MANAGER MODERATOR NAN NEWS NIL NONE NULL OFFICIAL ORDER"
    " OWNER PARTNER PAYMENT PRIVACY PROMO REDEEM REFER REFERRAL REWARD REWARDS ROOT SALE SALES SECURITY SERVICE SHOP"
    " SIGNUP STAFF STORE SUPPORT SYSTEM TEAM TERMS TEST TRUE FALSE UNDEFINED USER VERIFIED VOUCHER WEBMASTER WELCOME"
)
RESERVED = frozenset(_RESERVED.split())


class AliasNotAllowed(Refusal):
    """A text that can't be a code: its characters, its length, or what it says."""

    code = "alias_not_allowed"
    status = 422
    sentence = _(
        "That can't be a code. Use 3 to 30 letters from A to Z, digits and single hyphens, beginning and ending with a"
        " letter or a digit, and nothing rude."
    )


class AliasReserved(Refusal):
    """A name that nobody may pass for."""

    code = "alias_reserved"
    status = 409
    sentence = _("This code is kept free, since it could be taken for the shop itself. Choose another.")


def make() -> str:
    """A code that is hard to mistake and spells nothing; chance alone keeps it unlike every other."""
    while True:
        text = "".join(secrets.choice(ALPHABET) for _position in range(LENGTH))
        if not rude_words.are_in(text):
            return text


def alias(text: str, *, brand: str = "") -> str:
    """The text as an alias is kept and shown; `brand` is a name that nobody may pass for.

    Raises AliasNotAllowed, AliasReserved.
    """
    wanted = fold(text)
    if not _ALIAS.fullmatch(wanted) or rude_words.are_in(wanted):
        raise AliasNotAllowed
    bare = wanted.replace("-", "")
    own = re.sub(r"[^A-Z0-9]", "", fold(brand))
    if RESERVED & {wanted, bare} or (own and bare == own):
        raise AliasReserved
    return wanted


def key(text: str) -> str:
    """The keyed hash by which a code is found and which outlives its text."""
    message = b"code\0" + fold(text).encode(errors="surrogatepass")
    return hmac.new(settings.IDENTITY_KEY.encode(), message, hashlib.sha256).hexdigest()


def find(text: str) -> Code | None:
    """The code that the text names, with its link; None if there is none, or its advocate was erased."""
    if not text or len(text) > LONGEST:
        return None
    return Code.objects.select_related("link").filter(key=key(text)).exclude(text="").first()
