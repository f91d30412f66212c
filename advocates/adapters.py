"""Where allauth meets our people."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up, sign-in and their emails."""


class MFAAdapter(DefaultMFAAdapter):
    """Second factors and passkeys."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-in by another provider."""
