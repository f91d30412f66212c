"""What each role on the staff may do: the one table from which groups get their permissions."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.checks import CheckMessage, Error
from django.db import connections, transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ADMIN = "admin"


@dataclass(frozen=True)
class Role:
    """One role: its name for people, what it is for, and the permissions that it carries."""

    label: Promise
    purpose: Promise
    permissions: frozenset[str]


EVERYBODY = frozenset({"advocates.see_staff_home", "advocates.view_advocate", "spine.view_auditentry"})

ROLES: dict[str, Role] = {
    "program manager": Role(
        _("Program manager"),
        _("Designs programs and rewards, and decides what waits."),
        EVERYBODY
        | {
            "customers.manage_sources",
            "referrals.manage_programs",
            "referrals.review_conversions",
            "referrals.see_conversions",
            "referrals.suspend_advocates",
            "rewards.approve_rewards",
            "rewards.make_payouts",
            "rewards.manage_catalogue",
            "rewards.manage_pools",
            "rewards.see_rewards",
            "spine.change_clockoffset",
        },
    ),
    "moderator": Role(
        _("Moderator"),
        _("Keeps what people write clean and kind."),
        EVERYBODY,
    ),
    ADMIN: Role(
        _("Admin"),
        _("Runs the place: staff, brand, mail and what is stuck."),
        EVERYBODY
        | {
            "advocates.manage_staff",
            "advocates.view_user",
            "brand.design_brand",
            "brand.manage_mail",
            "customers.manage_keys",
            "customers.manage_sources",
            "customers.view_privacyrequest",
            "integrations.manage_endpoints",
            "referrals.see_conversions",
            "referrals.suspend_advocates",
            "spine.change_clockoffset",
            "spine.retry_stuck",
        },
    ),
}


def sync(using: str = "default") -> None:
    """Make the groups say what the table says; a permission that the table dropped is taken away."""
    wanted = {name for role in ROLES.values() for name in role.permissions}
    places = Q()
    for name in wanted:
        app_label, codename = name.split(".")
        places |= Q(content_type__app_label=app_label, codename=codename)
    with transaction.atomic(using=using):
        found = {
            f"{permission.content_type.app_label}.{permission.codename}": permission
            for permission in Permission.objects.using(using).filter(places).select_related("content_type")
        }
        for name, role in ROLES.items():
            group, _created = Group.objects.using(using).get_or_create(name=name)
            group.permissions.set([found[needed] for needed in role.permissions if needed in found])


def sync_after_migrate(using: str = "default", **kwargs: Any) -> None:
    """Called when every app has its tables and permissions; a database migrated half-way has none to sync."""
    if Group._meta.db_table in connections[using].introspection.table_names():
        sync(using)


def check_permissions(**kwargs: Any) -> list[CheckMessage]:
    """Red while the table names a permission that no model declares."""
    declared = set(_declared())
    return [
        Error(
            f"The role {name!r} names the permission {permission!r}, which no model declares.",
            hint="Correct it in advocates/roles.py, or declare it in a model's Meta.permissions.",
            id="advocates.E001",
        )
        for name, role in ROLES.items()
        for permission in sorted(role.permissions - declared)
    ]


def _declared() -> Iterable[str]:
    for model in apps.get_models():
        meta = model._meta
        for action in meta.default_permissions:
            yield f"{meta.app_label}.{action}_{meta.model_name}"
        for codename, _name in meta.permissions:
            yield f"{meta.app_label}.{codename}"
