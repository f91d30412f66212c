"""What people are told on the site itself."""

from django.db import models

from customers.models import Person


class Notice(models.Model):
    """One thing that one person was told, in their language, with the page that it is about."""

    # A natural key of what it tells, so that it is told once.
    key = models.CharField(max_length=200, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notices")
    text = models.CharField(max_length=600)
    path = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person", "-id"], name="notice_by_person")]

    def __str__(self) -> str:
        return self.key
