"""Every setting of the site, read top to bottom; the environment decides, and silence is the safe answer."""

import logging
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from kombu import Exchange, Queue

from advocacy_platform import embedded, logs, version

env = environ.Env()  # type: ignore[no-untyped-call]
BASE_DIR = Path(__file__).resolve().parent.parent

# --- What kind of process this is -------------------------------------------------------------------------------------

# For development: error pages that tell all, no TLS asked for, known keys. Never where others can reach it.
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
# Signs sessions and links; at least 50 random characters. Whoever knows it can sign in as anybody.
SECRET_KEY = env.str("SECRET_KEY", default=INSECURE_KEY if DEBUG else "")
# Earlier SECRET_KEYs, comma-separated: what they signed stays good until they are taken away.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Hashes that recognise an address without keeping it; a key of its own, so that rotating SECRET_KEY loses nothing.
IDENTITY_KEY = env.str("IDENTITY_KEY", default=INSECURE_KEY if DEBUG else "")
# Keys that sign touch tokens, as id=hex pairs such as 1=0a…,2=9f…: the one with the largest id (up to 255) signs, all
# are read, so drop one only once its tokens are older than every window. Made of IDENTITY_KEY if not set.
TOUCH_KEYS = env.dict("TOUCH_KEYS", default={})

# The one public address of the site, as people type it.
BASE_URL = env.str("BASE_URL", default="http://localhost:8001" if SANDBOX else "http://localhost:8000").rstrip("/")
_address = urlsplit(BASE_URL)
HTTPS = _address.scheme == "https"
# The host names that are answered, comma-separated, without wildcards; that of BASE_URL if not set.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_address.hostname or "localhost"] + (["127.0.0.1"] if DEBUG else []))
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# Whether cookies travel over TLS only. May only be off while DEBUG is on.
SECURE_COOKIES = env.bool("SECURE_COOKIES", default=HTTPS or not DEBUG)

# How many proxies of yours stand in front and append to X-Forwarded-For. 0: none, the socket's address is the client's.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
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
    "integrations",
    "referrals",
    "rewards",
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
    # In front of all, so that a probe is not redirected, logged, or refused for the host name that it used.
    "advocacy_platform.probes.answer_probes",
    "django_structlog.middlewares.RequestMiddleware",
    "advocacy_platform.metrics.count_requests",
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
# The page of every component in every state is for those who build pages, not for visitors.
SHOW_PATTERNS = DEBUG

# --- Database ---------------------------------------------------------------------------------------------------------

# postgres://user:password@host:5432/name?sslmode=require; a SQLite file in DATA_DIR if not set.
_database_url = env.str("DATABASE_URL", default="") or f"sqlite:///{DATA_DIR / 'db.sqlite3'}"
DATABASES = {"default": env.db_url_config(_database_url)}  # type: ignore[no-untyped-call]
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock when a transaction begins, so it waits its turn instead of failing half-way, and a
    # transaction is itself the lock that select_for_update() is on PostgreSQL. FULL keeps a commit through power loss.
    # Without recursive_triggers, INSERT OR REPLACE would delete rows behind the back of the append-only guards.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
        "PRAGMA recursive_triggers=ON;PRAGMA temp_store=MEMORY;PRAGMA journal_size_limit=67108864;"
        "PRAGMA cache_size=-20000;",
    }
else:
    # A person is not kept waiting longer than 10 s, a task dies before its broker hands it out again, a command may
    # take what it takes. Nobody waits for a lock, or sits on one, unnoticed.
    _statement_timeout = {"web": "10s", "worker": "100s"}.get(PROCESS, "0")
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"] = {
        # What stands behind the ? in DATABASE_URL, such as sslmode.
        **DATABASES["default"].get("OPTIONS", {}),
        # The most connections that one process holds open; docs/operations.md does the sum.
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

# The broker, redis://… or rediss://…; a Valkey server of our own in DATA_DIR if not set.
REDIS_URL = env.str("REDIS_URL", default="")
# A broker only wakes sweeps; what is due stands in the database. So a dead one may cost seconds and nothing else.
CELERY_BROKER_URL = REDIS_URL or embedded.url(DATA_DIR)
# A worker that is killed loses no task: it is acknowledged when it has ended, and handed to another worker if it can't.
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
# A worker holds the one task that it works on; the next one is free for whoever is idle.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Redis hands a task out again when it was held for this long, so every task must have ended by then: it is asked to at
# 100 s and killed at 120 s, and nothing waits in the broker for over 60 s (see celery.py).
CELERY_VISIBILITY_TIMEOUT = 300
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 100, 120
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
    # By default what was held too long is looked for every 100 s only.
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    # A Redis that does not answer fails soon, once, instead of holding whoever asks.
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "max_retries": 1,
    "connect_retries_timeout": 2,
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": CELERY_VISIBILITY_TIMEOUT}
# A worker or beat waits for its broker for as long as it takes.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A sweep that goes on without its broker ends well, and twice is as good as once; cut off, its rows would wait out
# their lease.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
# JSON cannot carry code. Outcomes are rows of ours, so nobody reads results.
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
# `money` and `default` have a worker process of their own: no slow receiver of mail or webhooks delays a reward.
# A name that is not here is a mistake, and not a new queue that nobody reads.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name) for name in ("money", "webhooks", "mail", "media", "default")
]
CELERY_TASK_DEFAULT_QUEUE = CELERY_TASK_DEFAULT_EXCHANGE = CELERY_TASK_DEFAULT_ROUTING_KEY = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat")
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_REDIRECT_STDOUTS = False

# --- People -----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "advocates.User"
AUTHENTICATION_BACKENDS = ["advocates.backends.Backend"]
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
ACCOUNT_FORMS = {
    "change_password": "advocates.forms.ChangePasswordForm",
    "request_login_code": "advocates.forms.RequestLoginCodeForm",
    "reset_password_from_key": "advocates.forms.ResetPasswordForm",
    "set_password": "advocates.forms.SetPasswordForm",
    "signup": "advocates.forms.SignupForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# A sign-up with a known address has no user whose address could change, so offering it would tell the two apart.
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = False
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
# allauth is told a client's network, not its address, so what it counts "by ip" is counted for up to 256 neighbours
# together and is wide; what holds for one address is in advocates/tries.py.
ACCOUNT_RATE_LIMITS = {
    "signup": "200/m/ip",
    "login": "300/m/ip",
    "login_failed": "100/m/ip,5/300s/key",
    "reset_password": "200/m/ip,5/m/key",
    "reset_password_from_key": "200/m/ip",
    "request_login_code": "200/m/ip,3/m/key",
}

# What the rooms above do when somebody joins: `advocates.joining.Step`s, each in the transaction of joining.
ON_JOINING = ["referrals.design.acceptance.OnJoining", "referrals.visits.joining.OnJoining"]

MFA_ADAPTER = "advocates.adapters.MFAAdapter"
MFA_FORMS = {"add_webauthn": "advocates.forms.AddPasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
# A code is good for half a minute longer on either side: people type slowly and phones' clocks drift.
MFA_TOTP_TOLERANCE = 1
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
MFA_RATE_LIMITS = {"webauthn_login": "100/m/ip"}

USERSESSIONS_TRACK_ACTIVITY = False

# A provider's button appears when its keys are set. LinkedIn speaks OpenID Connect.
SOCIALACCOUNT_ADAPTER = "advocates.adapters.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "advocates.forms.SocialSignupForm"}
# Nobody joins without having seen the sign-up form and its agreement.
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"APPS": []}}
# Keys from the provider's own console; without both there is no button. PROVIDER is GOOGLE, APPLE, FACEBOOK or GITHUB.
for _provider in ("google", "apple", "facebook", "github"):
    if _client_id := env.str(f"{_provider.upper()}_CLIENT_ID", default=""):
        _app: dict[str, Any] = {"client_id": _client_id, "secret": env.str(f"{_provider.upper()}_SECRET", default="")}
        if _provider == "apple":
            # The team's id and the private key (its .p8 file, with \n for line ends), which Apple asks for too.
            _app["key"] = env.str("APPLE_TEAM_ID", default="")
            _app["settings"] = {"certificate_key": env.str("APPLE_CERTIFICATE_KEY", default="", multiline=True)}
        SOCIALACCOUNT_PROVIDERS[_provider] = {"APPS": [_app]}
# Keys of the LinkedIn product "Sign In with LinkedIn using OpenID Connect".
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

# How long one stays signed in, in days.
SESSION_COOKIE_AGE = 60 * 60 * 24 * env.int("KEEP_SESSIONS_DAYS", default=30)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_COOKIES
# A browser does not tell ports apart, so a sandbox beside the live site has cookies of its own.
_prefix, _suffix = "__Host-" if SECURE_COOKIES else "", "_sandbox" if SANDBOX else ""
SESSION_COOKIE_NAME = f"{_prefix}session{_suffix}"
CSRF_COOKIE_NAME = f"{_prefix}csrf{_suffix}"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "advocacy_platform.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS and not DEBUG
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
# The largest request, in bytes, files included. What is read into memory is bounded by DATA_UPLOAD_MAX_MEMORY_SIZE.
REQUEST_MAX_BYTES = 100 * 1024 * 1024
# The largest picture, in bytes, that anyone may send.
UPLOAD_MAX_BYTES = 10 * 1024 * 1024

# --- Payouts ----------------------------------------------------------------------------------------------------------

# The smallest payout, in minor units of whatever currency it is in: 2000 is $20.
PAYOUT_THRESHOLD = env.int("PAYOUT_THRESHOLD", default=2000)
# Above so many minor units of one currency whoever made a batch of payouts can't approve it alone, as long as somebody
# else could.
FOUR_EYES_ABOVE = env.int("FOUR_EYES_ABOVE", default=50_000)
# Who pays cash out: the dotted path of a provider. By default people of the staff make the transfers from a work list.
PAYOUT_PROVIDER = env.str("PAYOUT_PROVIDER", default="rewards.cash.by_hand.ByHand")

# --- Store credit -----------------------------------------------------------------------------------------------------

# Where the shop books store credit that people took in the catalogue; see docs/api.md.
STORE_CREDIT_URL = env.str("STORE_CREDIT_URL", default="")
# The secret under which it is asked to: `whsec_` and 24 to 64 bytes in base64.
STORE_CREDIT_SECRET = env.str("STORE_CREDIT_SECRET", default="")

# --- API --------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # The first one says how to come in, to whoever came without anything.
        "customers.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["advocacy_platform.api.StrictJSONParser"],
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    # JSON is the only answer, so `?format=` is a parameter like any other.
    "URL_FORMAT_OVERRIDE": None,
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "advocacy_platform.problems.ProblemHandler",
    "EXCEPTION_FORMATTER_CLASS": "advocacy_platform.problems.ProblemFormatter",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}

# How many requests one API key may make in a minute.
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=600)
# How many requests one address may make in a minute with a publishable key, which anybody can read.
PAGE_REQUESTS_PER_MINUTE = env.int("PAGE_REQUESTS_PER_MINUTE", default=30)

# --- Mail -------------------------------------------------------------------------------------------------------------

# Every message is a row first; this is only how the row leaves. In development it stays a row, read at /dev/mail/.
vars().update(env.email_url("EMAIL_URL", default="dummymail://"))
# A provider's API instead of SMTP: the dotted path of an Anymail backend, with its own ANYMAIL_… variables.
if env.str("EMAIL_BACKEND", default=""):
    EMAIL_BACKEND = env.str("EMAIL_BACKEND")
if SANDBOX and (os.environ.get("EMAIL_URL") or os.environ.get("EMAIL_BACKEND")):
    raise ImproperlyConfigured("The sandbox writes to nobody. Remove EMAIL_URL and EMAIL_BACKEND.")
ANYMAIL = {name.removeprefix("ANYMAIL_"): value for name, value in os.environ.items() if name.startswith("ANYMAIL_")}
EMAIL_TIMEOUT = 20
# Who sends, as long as no admin has set the brand's sender.
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
    # Emails that are sent, suppressed or bounced.
    "mail": env.int("KEEP_MAIL_DAYS", default=30),
    # Sign-ups whose address was never confirmed.
    "unconfirmed": env.int("KEEP_UNCONFIRMED_DAYS", default=30),
    # Requests of shops and providers, as they came.
    "raw_bodies": env.int("KEEP_RAW_BODIES_DAYS", default=30),
    # What an export found for a person who asked by another way than their account page.
    "exports": env.int("KEEP_EXPORTS_DAYS", default=7),
    # Visits one by one; what was counted of them by day stays.
    "clicks": env.int("KEEP_CLICKS_DAYS", default=400),
    # Daily backups.
    "backups": env.int("KEEP_BACKUPS_DAYS", default=14),
}

# --- Backups ----------------------------------------------------------------------------------------------------------

# Where `manage.py backup` and the daily backup write to: another disk is better.
BACKUP_DIR = Path(env.str("BACKUP_DIR", default=str(DATA_DIR / "backups"))).resolve()
# A SQLite file has nobody else to look after it. A PostgreSQL server has better means of its own, and its workers share
# no folder, so there the daily backup waits to be asked for.
BACKUP_DAILY = env.bool("BACKUP_DAILY", default=DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3")

# --- Operations -------------------------------------------------------------------------------------------------------

# JSON lines for a machine, or lines for a terminal; and the least level that is written.
LOGGING = logs.config(as_json=env.bool("LOG_JSON", default=not DEBUG), level=env.str("LOG_LEVEL", default="INFO"))
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# Sweeps come every second; what they took is logged by themselves.
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_USER_ID_FIELD = "public_id"
# Who may read /metrics: `Authorization: Bearer …`. Without one there is no such page, except while DEBUG is on.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# Where errors are reported; nowhere if not set.
SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    # Loading it takes nearly as long as all the rest of these settings.
    from advocacy_platform import sentry

    sentry.start(SENTRY_DSN, version=VERSION, environment="sandbox" if SANDBOX else "live")
# Networks that outbound calls may reach although they are private, for a receiver inside your own network.
OUTBOUND_ALLOWED_NETWORKS = env.list("OUTBOUND_ALLOWED_NETWORKS", default=[])
# The email is unique without regard to case, by a constraint that this check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
