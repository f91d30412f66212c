"""Users and what they show of themselves."""

from advocates.models.advocate import Acceptance, Advocate
from advocates.models.invitation import StaffInvitation
from advocates.models.notice import Notice
from advocates.models.suspension import Suspension
from advocates.models.user import User

__all__ = ["Acceptance", "Advocate", "Notice", "StaffInvitation", "Suspension", "User"]
