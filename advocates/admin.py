"""Users and profiles in Django's admin, for superusers in an emergency. Groups are declared in `advocates.roles`."""

from typing import Any

# What is replaced here must have been registered before.
import allauth.mfa.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from advocates.models import Acceptance, Advocate, StaffInvitation, User
from spine.admin import ReadOnlyAdmin

admin.site.unregister(Group)
# allauth's own page shows the secret behind an authenticator app.
admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    fields = ("user", "type", "created_at", "last_used_at")
    list_display = ("user_id", "type", "created_at", "last_used_at")
    list_filter = ("type",)


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    fields = ("public_id", "email", "is_active", "is_superuser", "is_staff", "last_login", "joined_at")
    readonly_fields = ("public_id", "email", "is_staff", "last_login", "joined_at")
    list_display = ("email", "public_id", "is_staff", "is_superuser", "is_active", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("email", "=public_id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People join by signing up, so that an agreement and a confirmed address stand behind each."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People leave by an erasure, which reaches every room."""
        return False


@admin.register(Advocate)
class AdvocateAdmin(admin.ModelAdmin):
    fields = ("username", "display_name", "bio", "company", "job_title", "country", "locale", "time_zone", "joined_at")
    readonly_fields = ("joined_at",)
    list_display = ("username", "display_name", "country", "joined_at")
    search_fields = ("=username", "display_name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A profile comes with signing up."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A profile goes with an erasure."""
        return False


@admin.register(Acceptance)
class AcceptanceAdmin(ReadOnlyAdmin):
    list_display = ("person_id", "version", "at")


@admin.register(StaffInvitation)
class StaffInvitationAdmin(ReadOnlyAdmin):
    fields = ("public_id", "email", "roles", "invited_by", "created_at", "expires_at", "accepted_at", "revoked_at")
    list_display = ("email", "roles", "created_at", "expires_at", "accepted_at", "revoked_at")
