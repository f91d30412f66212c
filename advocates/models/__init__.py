"""Users and what they show of themselves."""

from advocates.models.advocate import Acceptance, Advocate
from advocates.models.user import User

__all__ = ["Acceptance", "Advocate", "User"]
