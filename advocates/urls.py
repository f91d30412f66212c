"""The addresses of signing in and of one's own account."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.socialaccount import views as socialaccount
from django.urls import URLPattern, include, path

from advocates import notice_views, views
from advocates.tries import View, limited


def _door(route: str, view: View, name: str) -> URLPattern:
    return path(route, limited(name, view), name=name)


# They stand before allauth's own list, so that nobody reaches these views uncounted.
_doors = [
    _door("signup/", account.signup, "account_signup"),
    _door("signup/passkey/", account.signup_by_passkey, "account_signup_by_passkey"),
    _door("login/", account.login, "account_login"),
    _door("login/code/", account.request_login_code, "account_request_login_code"),
    _door("login/code/confirm/", account.confirm_login_code, "account_confirm_login_code"),
    _door("confirm-email/", account.email_verification_sent, "account_email_verification_sent"),
    _door("email/", account.email, "account_email"),
    _door("3rdparty/signup/", socialaccount.signup, "socialaccount_signup"),
    _door("password/reset/", account.password_reset, "account_reset_password"),
    _door("password/reset/confirm/", account.confirm_password_reset_code, "account_confirm_password_reset_code"),
    _door("password/change/", account.password_change, "account_change_password"),
    _door("reauthenticate/", account.reauthenticate, "account_reauthenticate"),
    _door("2fa/authenticate/", mfa.authenticate, "mfa_authenticate"),
    _door("2fa/reauthenticate/", mfa.reauthenticate, "mfa_reauthenticate"),
]

urlpatterns = [
    path("agreement/", views.agreement, name="agreement"),
    path("notices/", notice_views.notices, name="notices"),
    path("account/profile/", views.profile, name="profile"),
    path("account/profile/change-picture/", views.change_picture, name="change_picture"),
    path("account/profile/remove-picture/", views.remove_picture, name="remove_picture"),
    path("accounts/", include(_doors)),
    path("accounts/", include("allauth.urls")),
]
