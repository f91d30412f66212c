"""Finding the user behind a session."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from advocates.models import User


class Backend(AuthenticationBackend):
    """allauth's way of signing in; whoever is found comes with their person and their advocate, in one query."""

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("person", "advocate").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """None of anybody's own: what somebody may do, their roles say."""
        return set()
