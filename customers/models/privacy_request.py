"""What people ask of us by law."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from customers.models.person import Person
from spine.due import DueRow


class PrivacyRequest(DueRow):
    """One person's wish to see, or to have erased, everything that is held about them."""

    class Kind(models.TextChoices):
        EXPORT = "export"
        ERASE = "erase"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="privacy_requests")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    # What an export found, until the retention settings take it away again.
    answer = models.JSONField(null=True, blank=True, editable=False, encoder=DjangoJSONEncoder)
    # Stored files that an erasure left behind in the same transaction; the request is done once they are gone.
    files = models.JSONField(default=list, blank=True, editable=False)

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(done_at__isnull=True), name="privacy_request_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.person_id}"
