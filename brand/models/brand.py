"""How the brand looks and speaks."""

from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Brand(models.Model):
    """The one brand of this deployment, as its admin set it; every page and email takes its words from here."""

    name = models.CharField(_("name"), max_length=60, default="Your brand")
    logo = models.ImageField(_("logo"), upload_to="brand/", blank=True)
    accent = models.CharField(
        _("accent colour"),
        max_length=7,
        default="#c8412f",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", _("Write a colour like #c8412f."))],
    )
    headline = models.CharField(_("headline"), max_length=120, default="Good things are better shared.")
    introduction = models.TextField(
        _("introduction"),
        max_length=600,
        default="Tell a friend about us. They get a warm welcome, and you get our thanks.",
    )
    sender_name = models.CharField(_("sender name"), max_length=60, blank=True)
    sender_address = models.EmailField(_("sender address"), blank=True)
    support_address = models.EmailField(_("support address"), blank=True)
    shop_url = models.URLField(_("shop"), blank=True)
    terms_url = models.URLField(_("terms of use"), blank=True)
    privacy_url = models.URLField(_("privacy notice"), blank=True)
    imprint_url = models.URLField(_("imprint"), blank=True)
    postal_address = models.CharField(_("postal address"), max_length=200, blank=True)
    # Counts the changes.
    revision = models.PositiveIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="brand_is_one_row")]
        permissions = [("design_brand", "Can change how the brand looks and speaks")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> Self:
        """The brand; one with the defaults as long as nobody has saved it."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)
