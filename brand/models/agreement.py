"""What one accepts on joining."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from spine.guards import AppendOnly


class Agreement(AppendOnly):
    """One version of the user agreement, as it was published: it never changes, a new text is a new version."""

    version = models.PositiveIntegerField(unique=True)
    text = models.TextField(_("text"))
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"version {self.version}"

    @classmethod
    def current(cls) -> Self | None:
        """The version that one accepts now; None as long as none was published."""
        return cls.objects.order_by("-version").first()
