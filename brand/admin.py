"""The brand's tables in Django's admin, for superusers in an emergency."""

from django.contrib import admin

from brand.models import Agreement, Brand, Message, Suppression
from spine.admin import ReadOnlyAdmin


@admin.register(Brand)
class BrandAdmin(admin.ModelAdmin):
    list_display = ("name", "accent", "sender_address", "updated_at")


@admin.register(Agreement)
class AgreementAdmin(ReadOnlyAdmin):
    list_display = ("version", "published_at")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    # The text stays out: it may carry somebody's sign-in code or invitation.
    fields = ("key", "to", "subject", "state", "created_at", "sent_at", "due_at", "attempts", "dead_at", "error")
    list_display = ("created_at", "to", "subject", "state", "due_at", "attempts", "dead_at")
    list_filter = ("state",)
    search_fields = ("=to", "=key")
    ordering = ("-id",)


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin):
    list_display = ("masked", "reason", "at")
    list_filter = ("reason",)
