"""Every setting, read from the environment in one place.

Without any variable this is the embedded default: SQLite, one process, state in memory.
`ZANTARA_ENV=production` refuses to start without the secrets that production needs.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from warnings import catch_warnings

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from zantara.secret_key import development_secret_key
from zantara.version import VERSION

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

ENVIRONMENT = env.str("ZANTARA_ENV", default="development")
if ENVIRONMENT not in {"development", "staging", "production"}:
    raise ImproperlyConfigured(
        f"ZANTARA_ENV {ENVIRONMENT!r} is not development, staging or production"
    )
EMBEDDED = ENVIRONMENT == "development"
DEBUG = env.bool("DEBUG", default=False)
if DEBUG and ENVIRONMENT == "production":
    raise ImproperlyConfigured("DEBUG shows code and settings to everybody: unset it in production")
ZANTARA_VERSION = VERSION
ZANTARA_COMMIT = env.str("ZANTARA_COMMIT", default="")
VAR_DIR = Path(env.str("ZANTARA_VAR_DIR", default=str(BASE_DIR / "var"))).resolve()


def _required(name: str) -> str:
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} must be set when ZANTARA_ENV={ENVIRONMENT}")
    return value


SECRET_KEY = (
    env.str("SECRET_KEY", default="") or development_secret_key(VAR_DIR)
    if EMBEDDED
    else _required("SECRET_KEY")
)
ALLOWED_HOSTS = (
    env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
    if EMBEDDED
    else [host.strip() for host in _required("ALLOWED_HOSTS").split(",")]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "plugins_app",
    "plugins_app.admin.apps.MarketplaceConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "axes",
]

MIDDLEWARE = [
    "zantara.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "zantara.middleware.WholeStaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "zantara.middleware.on_one_thread",
]

ROOT_URLCONF = "zantara.urls"
ASGI_APPLICATION = "zantara.asgi.application"
WSGI_APPLICATION = "zantara.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"zantara": "plugins_app.admin.tags"},
        },
    }
]

# --- database -------------------------------------------------------------------------------------

_SQLITE_OPTIONS: dict[str, Any] = {
    # Measured with eight writers: without IMMEDIATE half of the writes fail as "locked".
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}


def _database_url() -> dict[str, Any]:
    """What is wrong with it is not quoted: it would be a piece of the password, or all of it."""
    try:
        with catch_warnings(action="ignore"):
            parsed: dict[str, Any] = env.db_url(
                "DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'zantara.sqlite3'}"
            )
        return {**parsed, "ENGINE": parsed["ENGINE"]}
    except (ValueError, KeyError):
        raise ImproperlyConfigured(
            "DATABASE_URL is not like postgres://user:password@host:5432/name, "
            "with other characters than letters and digits percent-encoded"
        ) from None


def _postgresql_options() -> dict[str, Any]:
    seconds = env.float("ZANTARA_STATEMENT_SECONDS", default=30.0)
    size = env.int("ZANTARA_DATABASE_POOL", default=10)
    options: dict[str, Any] = {
        "connect_timeout": 2,
        # A row that was told to be durable is: whatever the server's default says.
        "options": f"-c synchronous_commit=on -c statement_timeout={round(seconds * 1000)}",
    }
    if size:
        # A pool that finds no server tries again ever more rarely; this one begins anew, so that a
        # server that is back is used at once, however long it was away.
        options["pool"] = {"min_size": 1, "max_size": size, "timeout": 2, "reconnect_timeout": 2}
    return options


def _databases() -> dict[str, dict[str, Any]]:
    if not EMBEDDED:
        _required("DATABASE_URL")
    database = _database_url()
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["OPTIONS"] = _SQLITE_OPTIONS | database.get("OPTIONS", {})
        # A test database in memory would be invisible to the journal's own connection.
        database["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
    if database["ENGINE"] == "django.db.backends.postgresql":
        database["OPTIONS"] = _postgresql_options() | database.get("OPTIONS", {})
    return {"default": database}


VAR_DIR.mkdir(parents=True, exist_ok=True)
DATABASES = _databases()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "plugins_app.User"
LOGIN_URL = "admin:login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

AUTHENTICATION_BACKENDS = [
    # First, so that a locked-out attempt is refused before a password is hashed.
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "plugins_app.admin.lockout.client_ip"
AXES_LOCKOUT_CALLABLE = "plugins_app.admin.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
# Else every attempt while locked out would be another row, and would prolong the lock.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
"""Logins are in the audit trail."""
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["csrfmiddlewaretoken"]
"""Beside the password; name and address stay readable, since they are what is looked for."""

# --- pages ----------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = False
FORMAT_MODULE_PATH = ["zantara.formats"]
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "script-src": [SELF],
        "style-src": [SELF],
    }
}
CSRF_FAILURE_VIEW = "zantara.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

if not EMBEDDED:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- API ------------------------------------------------------------------------------------------

MAX_BODY_BYTES = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["plugins_app.api.authentication.CallerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["plugins_app.api.permissions.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["plugins_app.api.parsers.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["plugins_app.api.renderers.JsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "plugins_app.api.openapi.endpoints.EndpointSchema",
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "plugins_app.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "ZANTARA",
    "DESCRIPTION": "One catalogue of plugins that people and AI assistants can trust.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "PREPROCESSING_HOOKS": ["plugins_app.api.openapi.endpoints.documented"],
    "POSTPROCESSING_HOOKS": [],
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- the engine -----------------------------------------------------------------------------------

ZANTARA_PLUGIN_DIRS = [
    Path(directory).resolve()
    for directory in env.list("ZANTARA_PLUGIN_DIRS", default=[str(BASE_DIR / "plugins")])
]
ZANTARA_DEMO_DIR = None if ENVIRONMENT == "production" else VAR_DIR / "demo_plugins"
ZANTARA_PLUGIN_CONFIG = env.str("ZANTARA_PLUGIN_CONFIG", default="")
ZANTARA_AUTO_ENABLE = env.bool("ZANTARA_AUTO_ENABLE", default=EMBEDDED)
ZANTARA_ANONYMOUS_API = env.bool("ZANTARA_ANONYMOUS_API", default=True)
ZANTARA_ANONYMOUS_RATE = env.int("ZANTARA_ANONYMOUS_RATE", default=60)
ZANTARA_TRUSTED_PROXIES = env.list("ZANTARA_TRUSTED_PROXIES", default=[])
ZANTARA_MAX_TIMEOUT = env.float("ZANTARA_MAX_TIMEOUT", default=300.0)
ZANTARA_MAX_OUTPUT = env.int("ZANTARA_MAX_OUTPUT", default=8 * 1024 * 1024)
ZANTARA_PROCESS_WORKERS = env.int("ZANTARA_PROCESS_WORKERS", default=2)
ZANTARA_PROCESS_MEMORY = env.int("ZANTARA_PROCESS_MEMORY", default=1024)
ZANTARA_LOG_PAYLOADS = env.bool("ZANTARA_LOG_PAYLOADS", default=True)
ZANTARA_RETENTION_DAYS = env.int("ZANTARA_RETENTION_DAYS", default=30)
ZANTARA_RETENTION_FAILURES_DAYS = env.int("ZANTARA_RETENTION_FAILURES_DAYS", default=90)
ZANTARA_METRICS_TOKEN = env.str("ZANTARA_METRICS_TOKEN", default="")
ZANTARA_ENCRYPTION_KEYS = env.list("ZANTARA_ENCRYPTION_KEYS", default=[])
ZANTARA_API_KEY_PEPPER = env.str("ZANTARA_API_KEY_PEPPER", default="") or SECRET_KEY

# --- Redis, and work in the background ------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
ZANTARA_REDIS_PREFIX = env.str("ZANTARA_REDIS_PREFIX", default="zantara")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": f"{ZANTARA_REDIS_PREFIX}:django",
            "OPTIONS": {
                "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
                "SOCKET_CONNECT_TIMEOUT": 0.05,
                "SOCKET_TIMEOUT": 0.1,
                # Without Redis this cache is empty. Limits and breakers have a client of their own.
                "IGNORE_EXCEPTIONS": True,
            },
        }
    }
    DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
    SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
ZANTARA_BROKER_URL = env.str("ZANTARA_BROKER_URL", default="") or REDIS_URL
ZANTARA_QUEUED_SECONDS = env.float("ZANTARA_QUEUED_SECONDS", default=3600.0)

# --- logs -----------------------------------------------------------------------------------------

# Not empty, since Django skips an empty one; all of it is said in zantara.logs.
LOGGING: dict[str, Any] = {"version": 1}
LOGGING_CONFIG = "zantara.logs.configure"
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_JSON = env.bool("LOG_JSON", default=not EMBEDDED)
