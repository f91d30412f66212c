import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from advocates import roles
from advocates.models import User
from advocates.roles import EVERYBODY, ROLES, Role
from tests.factories import make_user


def names(group):
    return {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")}


@pytest.mark.parametrize("name", ROLES)
def test_gives_each_group_what_the_table_says_after_migrating(db, name):
    assert names(Group.objects.get(name=name)) == ROLES[name].permissions


def test_takes_away_what_the_table_does_not_name(db):
    moderator = Group.objects.get(name="moderator")
    moderator.permissions.add(Permission.objects.get(codename="manage_staff"))

    roles.sync()

    assert names(moderator) == set(EVERYBODY)


def test_syncs_again_with_every_migrate(db):
    Group.objects.get(name="admin").permissions.clear()

    call_command("migrate", verbosity=0)

    assert names(Group.objects.get(name="admin")) == ROLES["admin"].permissions


def test_keeps_those_who_have_a_role(db):
    user = make_user(roles=("moderator",))

    roles.sync()

    assert [group.name for group in user.groups.all()] == ["moderator"]


def test_names_only_permissions_that_exist():
    assert roles.check_permissions() == []


def test_is_red_for_a_permission_that_no_model_declares(monkeypatch):
    monkeypatch.setitem(ROLES, "moderator", Role("Moderator", "", frozenset({"brand.fly", "brand.design_brand"})))

    found = roles.check_permissions()

    assert [(error.id, error.msg) for error in found] == [
        ("advocates.E001", "The role 'moderator' names the permission 'brand.fly', which no model declares.")
    ]


@pytest.mark.parametrize("name", ["program manager", "moderator"])
def test_lets_only_admins_run_the_place(db, name):
    user = make_user(roles=(name,))

    may = {permission for permission in ROLES["admin"].permissions if user.has_perm(permission)}

    assert may == set(ROLES[name].permissions) & set(ROLES["admin"].permissions)
    assert "advocates.manage_staff" not in may


def test_gives_nobody_what_no_role_of_theirs_has(cleo):
    cleo.user.user_permissions.add(Permission.objects.get(codename="manage_staff"))

    assert not User.objects.get(pk=cleo.user.pk).has_perm("advocates.manage_staff")
