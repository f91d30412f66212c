"""The programs' tables in Django's admin, for superusers in an emergency."""

from django.contrib import admin

from referrals.models import Program, StateChange, Terms
from spine.admin import ReadOnlyAdmin


@admin.register(Program)
class ProgramAdmin(ReadOnlyAdmin):
    list_display = ("slug", "name", "currency", "time_zone", "destination", "created_at")
    search_fields = ("=slug", "=public_id")


@admin.register(StateChange)
class StateChangeAdmin(ReadOnlyAdmin):
    list_display = ("program", "state", "at", "recorded_at", "changed_by")
    list_select_related = ("program",)
    ordering = ("-id",)


@admin.register(Terms)
class TermsAdmin(ReadOnlyAdmin):
    list_display = ("program", "version", "public_id", "published_at", "published_by")
    list_select_related = ("program",)
    search_fields = ("=public_id",)
