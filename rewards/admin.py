"""The rewards' tables in Django's admin, for superusers in an emergency."""

from django.contrib import admin

from rewards.models import Plan, Scheme
from spine.admin import ReadOnlyAdmin


@admin.register(Scheme)
class SchemeAdmin(ReadOnlyAdmin):
    list_display = ("name", "public_id", "created_at")
    search_fields = ("=public_id",)


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin):
    list_display = ("scheme", "version", "public_id", "published_at", "published_by")
    list_select_related = ("scheme",)
    search_fields = ("=public_id",)
