"""Forms in which people tell of themselves."""

from django import forms
from django.http import HttpRequest

from advocates.models import User


class SignupForm(forms.Form):
    """What we ask beside allauth's email and password."""

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth when the user is saved."""
