"""How a shop's software is connected, and what of its deliveries could not be believed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Source


class Connection(models.Model):
    """One shop's software that signs what it delivers: at most one a shop."""

    class Vendor(models.TextChoices):
        STRIPE = "stripe", "Stripe"
        SHOPIFY = "shopify", "Shopify"
        WOOCOMMERCE = "woocommerce", "WooCommerce"
        GENERIC = "generic", _("A shop of your own")

    source = models.OneToOneField(Source, on_delete=models.PROTECT, related_name="connection")
    vendor = models.CharField(max_length=11, choices=Vendor.choices)
    # What it signs with, readable with the site's key alone; empty until it is known.
    secret = models.TextField(blank=True)
    secret_since = models.DateTimeField(null=True, blank=True)
    # What it signed with before, believed until the rotation is over.
    former_secret = models.TextField(blank=True)
    former_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    # When a delivery could be believed for the first time, and for the last.
    first_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(vendor__in=["stripe", "shopify", "woocommerce", "generic"]), name="connection_vendor"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} by {self.vendor}"


class Rejection(models.Model):
    """How often on one day (UTC) a shop's deliveries were turned away for one reason; nothing of them is kept."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="rejections")
    day = models.DateField()
    # The code of the refusal.
    reason = models.CharField(max_length=40)
    count = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "day", "reason"], name="rejection_of_day_once")]

    def __str__(self) -> str:
        return f"{self.reason} {self.count} times on {self.day}"
