"""All settings, in this order: environment, apps, web, database, Redis and jobs, sign-in, static files, API, admin, logging.

Fails at start when something required is missing outside DEBUG; no secret has a default. Without DATABASE_URL, REDIS_URL or SECRET_KEY the
installation's own embedded servers and key under `var` are meant (`tradingdesk.local`).
"""

import os
from pathlib import Path
from typing import Any

import dj_database_url
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy

from tradingdesk.local import addresses
from tradingdesk.navigation import SIDEBAR

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("DESK_VAR", BASE_DIR / "var"))


def env_flag(name: str, default: bool) -> bool:
    """A boolean of the environment: 1, true, yes, on."""
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def env_list(name: str, default: list[str]) -> list[str]:
    """A comma-separated list of the environment."""
    value = os.environ.get(name)
    return default if value is None else [part.strip() for part in value.split(",") if part.strip()]


# -- environment ----------------------------------------------------------------
DEBUG = env_flag("DEBUG", False)
HTTPS = env_flag("HTTPS", False)  # served behind TLS: secure cookies, redirects, HSTS
SECRET_KEY = addresses.secret_key()
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is required.")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", [])

# -- apps -------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "django_htmx",
    "simple_history",
    "django_celery_beat",
    "quotes",
    "accounts",
    "orders",
    "risk",
    "settlement",
    "tradingdesk.desk",
    "tradingdesk.kernel",
]

# -- web --------------------------------------------------------------------------
ROOT_URLCONF = "tradingdesk.urls"
ASGI_APPLICATION = "tradingdesk.asgi.application"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tradingdesk.kernel.middleware.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
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
            "builtins": ["tradingdesk.kernel.templatetags.desk"],
        },
    }
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes; the largest honest request is a batch of some hundred orders
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "tradingdesk.kernel.pages.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False
FORMAT_MODULE_PATH = "tradingdesk.formats"

# -- database -----------------------------------------------------------------------
DATABASE_ROLE = "owner" if os.environ.get("DESK_DB_ROLE") == "owner" else "app"
LOCK_TIMEOUT_MS = 3_000  # an account lock is held for milliseconds; three seconds mean that something is stuck

SESSION = {
    "timezone": "UTC",
    "lock_timeout": LOCK_TIMEOUT_MS,
    "idle_in_transaction_session_timeout": 20_000,  # a process that stands still in the middle of a command lets go of its locks by then
    "plan_cache_mode": "force_generic_plan",  # prepared statements are planned once, not at every call
}


def database() -> dict[str, Any]:
    """The one database, as the role this process runs in."""
    parsed: dict[str, Any] = dict(dj_database_url.parse(addresses.database_url(DATABASE_ROLE), conn_max_age=600, conn_health_checks=True))
    parsed["ATOMIC_REQUESTS"] = False
    parsed.setdefault("OPTIONS", {})["options"] = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    parsed["OPTIONS"]["prepare_threshold"] = 2  # kernel.sql's statements recur by the thousand; the ORM's are never prepared
    parsed["OPTIONS"]["application_name"] = os.environ.get("DESK_PROCESS", "tradingdesk")
    return parsed


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Redis and jobs -------------------------------------------------------------------
REDIS_URL = addresses.redis_url()
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"settlement.*": {"queue": "settlement"}, "risk.*": {"queue": "sweeps"}}
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "tradingdesk.beat:SteadyScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5

# -- sign-in ----------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# -- static files: npm packages and our own, collected once, served by WhiteNoise -------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS: list[Any] = [BASE_DIR / "templates" / "static"] + [
    (f"vendor/{name}", NODE_MODULES / package / "dist")
    for name, package in {"htmx": "htmx.org", "idiomorph": "idiomorph", "lightweight-charts": "lightweight-charts"}.items()
    if (NODE_MODULES / package / "dist").is_dir()
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# -- API ------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["tradingdesk.kernel.api.TextRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tradingdesk.kernel.api.BoundedJSONParser"],
    "EXCEPTION_HANDLER": "tradingdesk.kernel.api.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

# -- admin ------------------------------------------------------------------------------------
SIMPLE_HISTORY_ENABLED = False  # its signals: PostgreSQL writes history itself (kernel.history)
SIMPLE_HISTORY_REVERT_DISABLED = True
GOLD = {  # the admin's accent; 600 and darker carry white text at 4.5:1
    "50": "oklch(98% .02 85)",
    "100": "oklch(95% .05 85)",
    "200": "oklch(90% .09 85)",
    "300": "oklch(84% .12 83)",
    "400": "oklch(76% .13 80)",
    "500": "oklch(68% .13 76)",
    "600": "oklch(53% .11 72)",
    "700": "oklch(47% .10 70)",
    "800": "oklch(40% .08 68)",
    "900": "oklch(34% .07 66)",
    "950": "oklch(24% .05 64)",
}
UNFOLD = {
    "SITE_TITLE": "Tradingdesk",
    "SITE_HEADER": "Tradingdesk",
    "SITE_SUBHEADER": "Back office",
    "SITE_URL": reverse_lazy("home"),
    "SITE_SYMBOL": "candlestick_chart",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("desk/icon.svg")}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda request: static("desk/admin.css")],
    "SIDEBAR": SIDEBAR,
    "COLORS": {"primary": GOLD},
}

# -- logging ------------------------------------------------------------------------------------
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=True),
                structlog.dev.ConsoleRenderer(colors=False),
            ],
            "foreign_pre_chain": [structlog.stdlib.add_log_level, structlog.processors.format_exc_info],
        }
    },
    "filters": {"one_line": {"()": "tradingdesk.kernel.logs.OneLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["one_line"]}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "django_celery_beat": {"level": "WARNING"},
    },
}
