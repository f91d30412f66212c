"""The customers' tables in Django's admin, for superusers in an emergency."""

from django.contrib import admin

from customers.models import Person, PrivacyRequest
from spine.admin import ReadOnlyAdmin


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin):
    list_display = ("id", "merged_into_id")
    search_fields = ("=id",)


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(ReadOnlyAdmin):
    # The answer stays out: it is everything that is held about somebody.
    fields = ("public_id", "person", "kind", "asked_at", "done_at", "due_at", "attempts", "dead_at", "error")
    list_display = ("public_id", "kind", "person_id", "asked_at", "done_at", "due_at", "attempts", "dead_at")
    list_filter = ("kind",)
