"""Email addresses as mailboxes are told apart, so that one person with many spellings is one."""

from brand.suppression import address_hash, fold

# Providers that ignore dots in the part before the @.
_WITHOUT_DOTS = {"gmail.com"}
_SAME = {"googlemail.com": "gmail.com"}


def canonical(email: str) -> str:
    """The one spelling of a mailbox: folded, without a +tag, and without dots where its provider ignores them."""
    local, at, domain = fold(email).rpartition("@")
    domain = _SAME.get(domain, domain)
    local = local.split("+", 1)[0] or local
    if domain in _WITHOUT_DOTS:
        local = local.replace(".", "") or local
    return f"{local}{at}{domain}"


def canonical_hash(email: str) -> str:
    """The keyed hash by which a mailbox is recognised under every spelling."""
    return address_hash(canonical(email))
