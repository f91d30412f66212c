"""Every setting of the site, read top to bottom; the environment decides, and silence is the safe answer."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from advocacy_platform import logs, version

env = environ.Env()  # type: ignore[no-untyped-call]
BASE_DIR = Path(__file__).resolve().parent.parent

# --- What kind of process this is -------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
# The sandbox is the same program with its own data folder, and the only place where the clock can be moved.
SANDBOX = env.bool("SANDBOX", default=False)
# "web", "worker" or "command": wsgi.py and celery.py say which they are before they import this file.
PROCESS = env.str("ADVOCACY_PROCESS", default="command")
VERSION = version.read()

# Where the embedded default keeps its database, its Valkey, uploads and logs.
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var" / ("sandbox" if SANDBOX else "live")))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

# --- Secrets and addresses --------------------------------------------------------------------------------------------

INSECURE_KEY = "insecure-development-key"
SECRET_KEY = env.str("SECRET_KEY", default=INSECURE_KEY if DEBUG else "")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Hashes that recognise an address without keeping it; a key of its own, so that rotating SECRET_KEY loses nothing.
IDENTITY_KEY = env.str("IDENTITY_KEY", default=INSECURE_KEY if DEBUG else "")

# The one public address of the site, as people type it.
BASE_URL = env.str("BASE_URL", default="http://localhost:8001" if SANDBOX else "http://localhost:8000").rstrip("/")
_address = urlsplit(BASE_URL)
HTTPS = _address.scheme == "https"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_address.hostname or "localhost"] + (["127.0.0.1"] if DEBUG else []))
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_COOKIES = env.bool("SECURE_COOKIES", default=HTTPS or not DEBUG)

# How many proxies of yours stand in front and append to X-Forwarded-For. 0: none, the socket's address is the client's.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

if not DEBUG:
    _missing = [
        sentence
        for wrong, sentence in (
            (
                len(SECRET_KEY) < 50 or SECRET_KEY == INSECURE_KEY,
                "Set SECRET_KEY to at least 50 random characters of your own.",
            ),
            (
                len(IDENTITY_KEY) < 32 or IDENTITY_KEY == INSECURE_KEY,
                "Set IDENTITY_KEY to at least 32 random characters, kept for as long as the data.",
            ),
            (
                any("*" in host or host.startswith(".") for host in ALLOWED_HOSTS),
                "Set ALLOWED_HOSTS to exact host names, without wildcards.",
            ),
            (not HTTPS, "Set BASE_URL to the https:// address that people type."),
            (not SECURE_COOKIES, "Remove SECURE_COOKIES=false: a session must not travel in the clear."),
        )
        if wrong
    ]
    if _missing:
        raise ImproperlyConfigured("This site is not safe to start with DEBUG off. " + " ".join(_missing))

# --- Rooms ------------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "advocacy_platform",
    "advocates",
    "customers",
    "brand",
    "spine",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.apple",
    "allauth.socialaccount.providers.facebook",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.openid_connect",
    "django_cotton",
    "heroicons",
    "rest_framework",
    "drf_standardized_errors",
    "django_structlog",
    "anymail",
    "whitenoise.runserver_nostatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    # Its templates are drawn through our own, see FORM_RENDERER.
    "django.forms",
]

MIDDLEWARE = [
    "django_structlog.middlewares.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "advocacy_platform.middleware.headers",
    "csp.middleware.CSPMiddleware",
    "advocacy_platform.middleware.refuse_malformed_input",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "advocates.middleware.activate_preferences",
    "advocacy_platform.middleware.staff_gate",
    "advocacy_platform.middleware.answer_refusals",
]

ROOT_URLCONF = "advocacy_platform.urls"
WSGI_APPLICATION = "advocacy_platform.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "brand.context_processors.brand",
                "advocacy_platform.context_processors.navigation",
            ],
            "builtins": ["django_cotton.templatetags.cotton", "brand.templatetags.brand"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]
COTTON_DIR = "components"
FORM_RENDERER = "brand.forms.Renderer"

# --- Database ---------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock when a transaction begins, so it waits its turn instead of failing half-way, and a
    # transaction is itself the lock that select_for_update() is on PostgreSQL. FULL keeps a commit through power loss.
    # Without recursive_triggers, INSERT OR REPLACE would delete rows behind the back of the append-only guards.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
        "PRAGMA recursive_triggers=ON;PRAGMA temp_store=MEMORY;PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-20000;",
    }
else:
    # A person is not kept waiting longer than 10 s, a task dies before its broker hands it out again, a command may
    # take what it takes. Nobody waits for a lock, or sits on one, unnoticed.
    _statement_timeout = {"web": "10s", "worker": "100s"}.get(PROCESS, "0")
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=8), "timeout": 10},
        "options": f"-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
        f" -c statement_timeout={_statement_timeout}",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rate limits and used one-time codes must hold across processes and outlive a dead Redis, so the cache is a table.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    }
}

# --- Tasks ------------------------------------------------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")

# --- People -----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "advocates.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "landing"

ACCOUNT_ADAPTER = "advocates.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "advocates.forms.SignupForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 900
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _address.scheme
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""

MFA_ADAPTER = "advocates.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG

USERSESSIONS_TRACK_ACTIVITY = False

# A provider's button appears when its keys are set. LinkedIn speaks OpenID Connect.
SOCIALACCOUNT_ADAPTER = "advocates.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"APPS": []}}
for _provider in ("google", "apple", "facebook", "github"):
    if _client_id := env.str(f"{_provider.upper()}_CLIENT_ID", default=""):
        _app: dict[str, Any] = {"client_id": _client_id, "secret": env.str(f"{_provider.upper()}_SECRET", default="")}
        if _provider == "apple":
            _app["key"] = env.str("APPLE_TEAM_ID", default="")
            _app["settings"] = {"certificate_key": env.str("APPLE_CERTIFICATE_KEY", default="", multiline=True)}
        SOCIALACCOUNT_PROVIDERS[_provider] = {"APPS": [_app]}
if _client_id := env.str("LINKEDIN_CLIENT_ID", default=""):
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"].append(
        {
            "provider_id": "linkedin",
            "name": "LinkedIn",
            "client_id": _client_id,
            "secret": env.str("LINKEDIN_SECRET", default=""),
            "settings": {"server_url": "https://www.linkedin.com/oauth"},
        }
    )
_SIGN_IN_ORIGINS = {
    "google": "https://accounts.google.com",
    "apple": "https://appleid.apple.com",
    "facebook": "https://www.facebook.com",
    "github": "https://github.com",
}

# --- Browser safety ---------------------------------------------------------------------------------------------------

SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_NAME = "__Host-session" if SECURE_COOKIES else f"session{'_sandbox' if SANDBOX else ''}"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_COOKIES else f"csrf{'_sandbox' if SANDBOX else ''}"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "advocacy_platform.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS and not DEBUG
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # A browser applies this to the redirect that answers a form, so a provider's sign-in page must be named.
        "form-action": [SELF]
        + [origin for name, origin in _SIGN_IN_ORIGINS.items() if name in SOCIALACCOUNT_PROVIDERS]
        + (["https://www.linkedin.com"] if SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"] else []),
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
# The largest picture, in bytes, that anyone may send.
UPLOAD_MAX_BYTES = 10 * 1024 * 1024

# --- API --------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["advocacy_platform.api.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["advocacy_platform.api.StrictJSONParser"],
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "advocacy_platform.api.ProblemHandler",
    "EXCEPTION_FORMATTER_CLASS": "advocacy_platform.api.ProblemFormatter",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}

# --- Mail -------------------------------------------------------------------------------------------------------------

# Every message is a row first; this is only how the row leaves. In development it stays a row, read at /dev/mail/.
vars().update(env.email_url("EMAIL_URL", default="dummymail://"))
if env.str("EMAIL_BACKEND", default=""):
    EMAIL_BACKEND = env.str("EMAIL_BACKEND")
ANYMAIL = {name.removeprefix("ANYMAIL_"): value for name, value in os.environ.items() if name.startswith("ANYMAIL_")}
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"hello@{_address.hostname}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Language and time ------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# --- Files ------------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "brand.static_storage.JoinedManifestStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# --- How long things are kept (days) ----------------------------------------------------------------------------------

RETENTION_DAYS = {
    "sessions": env.int("KEEP_SESSIONS_DAYS", default=30),
    "mail": env.int("KEEP_MAIL_DAYS", default=30),
    "raw_bodies": env.int("KEEP_RAW_BODIES_DAYS", default=30),
    "idempotency_keys": env.int("KEEP_IDEMPOTENCY_KEYS_DAYS", default=1),
    "backups": env.int("KEEP_BACKUPS_DAYS", default=14),
}

# --- Operations -------------------------------------------------------------------------------------------------------

LOGGING = logs.config(as_json=env.bool("LOG_JSON", default=not DEBUG), level=env.str("LOG_LEVEL", default="INFO"))
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_USER_ID_FIELD = "public_id"
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
SENTRY_DSN = env.str("SENTRY_DSN", default="")
# Networks that outbound calls may reach although they are private, for a receiver inside your own network.
OUTBOUND_ALLOWED_NETWORKS = env.list("OUTBOUND_ALLOWED_NETWORKS", default=[])
# The email is unique without regard to case, by a constraint that this check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
