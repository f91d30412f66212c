from django.db import models

from spine.due import DueRow


class Chore(DueRow):
    """Something to be done once. With a `stall`, its first holder says so in that file, and then never ends."""

    stall = models.CharField(max_length=200, blank=True)

    class Meta(DueRow.Meta):
        pass

    def __str__(self):
        return f"chore {self.pk}"


class Completion(models.Model):
    """One time that a chore was done; there is no unique key that would hide a second one."""

    chore = models.ForeignKey(Chore, on_delete=models.CASCADE)

    def __str__(self):
        return f"{self.chore} was done"
