"""Addresses that somebody made for an hour: mailboxes of services that give them away and throw them out."""

from disposable_email_domains import blocklist


def is_disposable(email: str) -> bool:
    """Whether the address, or the domain above its own, belongs to such a service."""
    labels = email.rpartition("@")[2].strip().strip(".").lower().split(".")
    return any(".".join(labels[start:]) in blocklist for start in range(len(labels) - 1))
