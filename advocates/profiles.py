"""Changing what one shows of oneself."""

from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from advocates.models import Advocate
from spine.refusal import Refusal

# What people may change about themselves, by page and by API.
FIELDS = (
    *("display_name", "username", "bio", "company", "job_title", "country", "locale", "time_zone"),
    "is_named_to_friends",
)


class UsernameTaken(Refusal):
    """Another advocate has this username."""

    code = "username_taken"
    status = 409
    sentence = _("Somebody else has this username. Choose another.")


@transaction.atomic
def change(advocate: Advocate, **changes: Any) -> Advocate:
    """Set the given, validated FIELDS of a profile. Raises UsernameTaken."""
    for name in changes:
        if name not in FIELDS:
            raise TypeError(f"{name} is not for its owner to change")
        setattr(advocate, name, changes[name])
    try:
        with transaction.atomic():
            advocate.save(update_fields=list(changes))
    except IntegrityError as taken:
        advocate.refresh_from_db(fields=list(changes))
        raise UsernameTaken from taken
    return advocate


@transaction.atomic
def change_picture(advocate: Advocate, picture: ContentFile | None) -> Advocate:
    """Show this picture, made by `pictures.reencode`, or none; the old file goes once that is certain."""
    locked = Advocate.objects.select_for_update().get(pk=advocate.pk)
    storage, old = locked.avatar.storage, locked.avatar.name
    if picture is None:
        advocate.avatar = ""
    else:
        advocate.avatar.save(picture.name or "", picture, save=False)
    advocate.save(update_fields=["avatar"])
    if old:
        transaction.on_commit(lambda: storage.delete(old))
    return advocate
