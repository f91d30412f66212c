"""Who buys, as a shop knows them."""

from django.db import models
from django.db.models import Q

from customers.models.person import Person
from customers.models.source import Source


class Customer(models.Model):
    """One customer record of one shop, and the person it stands for."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="customers")
    # The shop's own id.
    key = models.CharField(max_length=255)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="customers")
    email = models.EmailField(blank=True)
    # Outlives the email, so that somebody who was erased and comes back is not taken for new.
    email_hash = models.CharField(max_length=64, blank=True, editable=False)
    # The same of the address as mailboxes are told apart: without dots and tags where a provider ignores them.
    canonical_hash = models.CharField(max_length=64, blank=True, editable=False)
    # The instant of the fact that the email is from, or of its erasure: an older fact does not change it.
    email_told_at = models.DateTimeField(null=True, blank=True)
    # The earliest that the shop has named.
    first_order_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    # Made in this very transaction, with a person of its own: nothing is known of them besides.
    is_newcomer = False

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="customer_of_source_once")]
        indexes = [
            models.Index(fields=["email_hash"], condition=~Q(email_hash=""), name="customer_by_email_hash"),
            models.Index(fields=["canonical_hash"], condition=~Q(canonical_hash=""), name="customer_by_canonical"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}:{self.key}"
