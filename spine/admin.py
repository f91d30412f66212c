"""The ground's tables in Django's admin, for superusers in an emergency: to be read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from spine.models import AuditEntry, AuditReason, ClockOffset, Cursor, Event, IdempotencyKey, LimitWindow, Redelivery


class ReadOnlyAdmin(admin.ModelAdmin):
    """A table that nobody edits by hand."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_kind", "actor_id", "verb", "subject_kind", "subject_id")
    search_fields = ("=actor_id", "=subject_id", "=verb")
    ordering = ("-id",)


@admin.register(AuditReason)
class AuditReasonAdmin(ReadOnlyAdmin):
    list_display = ("entry_id", "text")
    ordering = ("-entry_id",)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("position", "at", "name", "person", "subject_kind", "subject_id")
    search_fields = ("=key", "=subject_id")
    ordering = ("-id",)


@admin.register(Cursor)
class CursorAdmin(ReadOnlyAdmin):
    list_display = ("name", "position")


@admin.register(Redelivery)
class RedeliveryAdmin(ReadOnlyAdmin):
    list_display = ("reader", "event_id", "due_at", "attempts", "dead_at", "error")
    list_filter = ("reader",)


@admin.register(ClockOffset)
class ClockOffsetAdmin(ReadOnlyAdmin):
    list_display = ("ahead",)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    list_display = ("owner", "key", "status", "at")
    search_fields = ("=owner", "=key")


@admin.register(LimitWindow)
class LimitWindowAdmin(ReadOnlyAdmin):
    list_display = ("key", "starts_at", "taken")
