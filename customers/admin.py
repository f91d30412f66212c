"""The customers' tables in Django's admin, for superusers in an emergency."""

from django.contrib import admin

from customers.models import (
    ApiKey,
    Capture,
    Customer,
    Dispute,
    Line,
    Order,
    OrderVersion,
    Person,
    PrivacyRequest,
    Refund,
    Source,
)
from spine.admin import ReadOnlyAdmin


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    # The token's hash stays out: nobody needs to see it.
    fields = ("public_id", "name", "kind", "scopes", "prefix", "created_by", "created_at", "revoked_at", "last_used_at")
    readonly_fields = fields
    list_display = ("name", "prefix", "kind", "created_at", "last_used_at", "revoked_at")
    search_fields = ("=prefix", "=public_id")


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


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    list_display = ("key", "name", "is_test", "created_at", "past_customers_imported_at", "no_past_customers_at")


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    list_display = ("key", "source", "person_id", "first_order_at", "recorded_at")
    list_select_related = ("source",)
    search_fields = ("=key", "=person__id")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("key", "source", "public_id", "currency", "placed_at", "revision", "is_test")
    list_select_related = ("source",)
    search_fields = ("=key", "=public_id")


@admin.register(OrderVersion)
class OrderVersionAdmin(ReadOnlyAdmin):
    list_display = ("order_id", "revision", "recorded_at")


@admin.register(Line)
class LineAdmin(ReadOnlyAdmin):
    list_display = ("order_id", "key", "kind", "amount", "sku", "quantity")


@admin.register(Capture)
class CaptureAdmin(ReadOnlyAdmin):
    list_display = ("order_id", "key", "amount", "at")


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ("order_key", "key", "amount", "status", "at", "revision")
    search_fields = ("=order_key", "=key")


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = ("order_key", "key", "status", "at", "revision")
    search_fields = ("=order_key", "=key")
