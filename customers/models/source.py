"""The shops whose facts are taken."""

from django.db import models


class Source(models.Model):
    """One connection to a shop, by whose own ids everything that it tells is known."""

    key = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=100)
    # Whatever a test shop tells is a test; the live site takes none of it.
    is_test = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    # Who is new can be told once past customers are in, or once a manager says that there are none.
    past_customers_imported_at = models.DateTimeField(null=True, blank=True)
    no_past_customers_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [("manage_sources", "Can connect shops and say what is known of their past customers")]

    def __str__(self) -> str:
        return self.key
