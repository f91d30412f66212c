"""What a person shows of themselves, and what they agreed to."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from advocates import names, places
from customers.models import Person


class Advocate(models.Model):
    """One person who joined: their public name, their profile and how they like to be spoken to."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="advocate")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="advocate")
    username = models.CharField(
        _("username"),
        max_length=30,
        validators=[
            RegexValidator(
                r"^[a-z0-9](?:[a-z0-9_-]{0,28}[a-z0-9])?\Z",
                _("Use small letters, digits, - and _, beginning and ending with a letter or a digit."),
            )
        ],
    )
    display_name = models.CharField(
        _("name"), max_length=60, validators=[names.validate_one_line, names.validate_visible]
    )
    bio = models.TextField(_("about you"), max_length=500, blank=True)
    avatar = models.ImageField(_("picture"), upload_to="avatars/", blank=True)
    company = models.CharField(_("company"), max_length=80, blank=True, validators=[names.validate_one_line])
    job_title = models.CharField(_("job title"), max_length=80, blank=True, validators=[names.validate_one_line])
    country = models.CharField(_("country"), max_length=2, blank=True, validators=[places.validate_country])
    locale = models.CharField(_("language"), max_length=10, blank=True, validators=[places.validate_language])
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[places.validate_time_zone])
    # Whether a friend who follows their link reads their name; otherwise "a friend" asks them in.
    is_named_to_friends = models.BooleanField(_("show my name to friends who follow my link"), default=False)
    joined_at = models.DateTimeField()
    # The last notice that they got, and the last one that they have read.
    noticed = models.BigIntegerField(default=0, editable=False)
    read = models.BigIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["username"], name="advocate_username_is_unique"),
            models.CheckConstraint(condition=Q(username=Lower("username")), name="advocate_username_is_folded"),
        ]
        indexes = [models.Index(fields=["joined_at", "id"], name="advocate_by_joining")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def has_news(self) -> bool:
        """Whether there is a notice that they have not read."""
        return self.noticed > self.read


class Acceptance(models.Model):
    """One person's yes to one version of the user agreement."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="acceptances")
    version = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "version"], name="acceptance_once_per_version")]

    def __str__(self) -> str:
        return f"{self.person_id} accepted version {self.version}"
