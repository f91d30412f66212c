"""Who did what to what, and why."""

from django.db import models

from spine.guards import AppendOnly


class AuditEntry(AppendOnly):
    """One act of a person or of the system: ids and codes only, never changed, never deleted."""

    actor_kind = models.CharField(max_length=40)
    actor_id = models.CharField(max_length=64)
    verb = models.CharField(max_length=80)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["actor_id", "-id"], name="audit_by_actor"),
            models.Index(fields=["subject_kind", "subject_id", "-id"], name="audit_by_subject"),
            models.Index(fields=["verb", "-id"], name="audit_by_verb"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_kind}:{self.actor_id} {self.verb} {self.subject_kind}:{self.subject_id}"


class AuditReason(models.Model):
    """The words that a person gave with an act. Apart from the act, so that erasure can empty it."""

    entry = models.OneToOneField(AuditEntry, on_delete=models.PROTECT, primary_key=True, related_name="reason")
    text = models.TextField()

    def __str__(self) -> str:
        return self.text
