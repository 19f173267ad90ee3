"""Settings of the registry: one file, driven by the environment, safe for production by default."""

import sys

import pghistory
import pgtrigger
from csp.constants import NONE, SELF
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from firenze_digitale.env import ROOT, database, env, mail, networks, origin_of_tiles, required, site_url, whole_number
from firenze_digitale.resource_names import RESOURCES

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = required(
    "SECRET_KEY",
    "Set it to a long random string that only this installation knows, for example the output of: "
    "python -c 'import secrets; print(secrets.token_urlsafe(64))'",
)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "firenze_digitale.urls"
WSGI_APPLICATION = "firenze_digitale.wsgi.application"

INSTALLED_APPS = [
    "firenze_digitale.apps.RegistryConfig",
    # Before other packages, so that where words are the same, ours are read.
    "partners",
    "assets",
    "projects",
    "firenze_digitale.apps.RegistryAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django.contrib.postgres",
    "bootstrap_italia_template",
    "js_lib_leaflet",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "django_tasks",
    "django_tasks_db",
    "pgtrigger",
    "pghistory",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "firenze_digitale.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "firenze_digitale.browsers_only.ContentPolicy",
    "firenze_digitale.api.caching.CacheControlMiddleware",
    "firenze_digitale.browsers_only.Sessions",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "firenze_digitale.browsers_only.Accounts",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "firenze_digitale.api.throttling.GateMiddleware",
    "firenze_digitale.bodies.ReadableBodyMiddleware",
    "firenze_digitale.history.DoorMiddleware",
    "projects.document_files.UploadsMiddleware",
    "firenze_digitale.browsers_only.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
if DEBUG:
    MIDDLEWARE.append("firenze_digitale.error_pages.NotFoundMiddleware")

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
# Form widgets find the project's templates and those of the apps alike.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {
    "default": {
        **database(
            required(
                "DATABASE_URL",
                "Set it to postgres://user:password@host:5432/name?sslmode=require (PostgreSQL 14 or later), "
                "or use `make run` and `make manage CMD=…`, which start a database of their own.",
            )
        ),
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        "TEST": {
            "NAME": env.str("TEST_DATABASE_NAME", default=None),
            "TEMPLATE": env.str("TEST_DATABASE_TEMPLATE", default=None),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# History: statement-level triggers catch bulk paths and raw SQL at a tenth of the cost of row-level ones.
PGHISTORY_LEVEL = pgtrigger.Statement
PGHISTORY_APPEND_ONLY = True
PGHISTORY_CREATED_AT_FUNCTION = "STATEMENT_TIMESTAMP()"
# Events are found by their row and by their context; copies of other foreign keys need no index. Contexts are only
# ever written by the triggers themselves, so checking them again would double the cost of a bulk load.
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(db_index=True)
PGHISTORY_CONTEXT_FIELD = pghistory.ContextForeignKey(db_index=True, db_constraint=False)

# Accounts
AUTH_USER_MODEL = "partners.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = reverse_lazy("login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = reverse_lazy("home")

# A guessed account is locked for the address that guesses, so that an office behind one address goes on working.
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", default=8)
AXES_COOLOFF_TIME = env.float("LOGIN_LOCKOUT_HOURS", default=0.5)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "firenze_digitale.client_address.client_address"
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
AXES_SENSITIVE_PARAMETERS = ["username", "password"]
AXES_VERBOSE = False

# Languages: Italian first.
LANGUAGE_CODE = "it"
LANGUAGES = [("it", _("Italian")), ("en", _("English"))]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = not DEBUG
LOCALE_PATHS = [ROOT / "firenze_digitale" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Rome"

# Static files
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(ROOT / "staticfiles"))
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    # Files of charts and meetings: outside of whatever a web server serves, and shared by all hosts.
    "documents": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": env.path("DOCUMENTS_ROOT", default=str(ROOT / ".local" / "documents")),
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "firenze_digitale.static_files.RegistryStaticFilesStorage"
    },
}

# Each file once, under the name that says what is in it.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# Safe by default
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^api/v1/status$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0 if DEBUG else 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=True)
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "firenze_digitale.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 12
CSRF_FAILURE_VIEW = "firenze_digitale.views.csrf_failure"
# The map: tiles of a base map from another host, and outlines of the districts, where the operator has them.
MAP_TILES_URL = env.str("MAP_TILES_URL", default="")
MAP_TILES_ATTRIBUTION = env.str("MAP_TILES_ATTRIBUTION", default="")
MAP_DISTRICTS_FILE = env.str("MAP_DISTRICTS_FILE", default="")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # Bootstrap Italia's style sheet carries its small icons as data: addresses.
        "img-src": [SELF, "data:", *origin_of_tiles(MAP_TILES_URL)],
        "font-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
DATA_UPLOAD_MAX_NUMBER_FILES = 5
MAX_UPLOAD_SIZE = env.int("MAX_UPLOAD_SIZE", default=60 * 2**20)

# The API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "firenze_digitale.api.CredentialAuthentication",
        "firenze_digitale.api.ReadOnlySessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["firenze_digitale.api.RegistryPermission"],
    "DEFAULT_PAGINATION_CLASS": "firenze_digitale.api.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["firenze_digitale.api.RegistryFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "firenze_digitale.openapi.RegistrySchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["firenze_digitale.api.StrictJSONParser", "firenze_digitale.api.MergePatchParser"],
    "DEFAULT_VERSIONING_CLASS": None,
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "firenze_digitale.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": False,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# Requests a minute: of a credential (or an account that is logged in), and of an address that shows neither.
API_LIMIT_PER_CREDENTIAL = whole_number("API_LIMIT_PER_CREDENTIAL", default=1_200, least=1, most=10**7)
API_LIMIT_PER_ADDRESS = whole_number("API_LIMIT_PER_ADDRESS", default=300, least=1, most=10**7)
# For so many days the changes feed reaches back: `prune_changes` removes what is older.
CHANGES_KEPT_DAYS = whole_number("CHANGES_KEPT_DAYS", default=90, least=1, most=36_500)
SPECTACULAR_SETTINGS = {
    "TITLE": "Firenze Digitale: the asset registry",
    "DESCRIPTION": "Who has what in the Florence area, on which terms another may use it, and which "
    "project chart does.",
    "VERSION": "1.0.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SCHEMA_PATH_PREFIX_TRIM": True,
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": True,
    "AUTHENTICATION_WHITELIST": ["firenze_digitale.api.CredentialAuthentication"],
    "ENUM_NAME_OVERRIDES": {
        "ActionStatus": "projects.choices.ActionStatus",
        "AssetKind": "assets.choices.Kind",
        "ChartStatus": "projects.choices.ChartStatus",
        "ParticipationRole": "projects.choices.ParticipationRole",
        "PartnerKind": "partners.choices.PartnerKind",
        "PlacementStatus": "assets.choices.PlacementStatus",
        "ResourceName": sorted(RESOURCES),
        "SignatureRole": "partners.choices.SignatureRole",
        "Visibility": "firenze_digitale.base_models.Visibility",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "firenze_digitale.openapi.about.tell_of_the_api",
        "firenze_digitale.openapi.answers.declare_answers",
        "firenze_digitale.openapi.bounds.state_bounds",
    ],
}

# What nobody has confirmed for more than so many days is shown as stale.
STALE_AFTER_DAYS = whole_number("STALE_AFTER_DAYS", default=365, least=7, most=36_500)

# What only the administration that publishes the registry knows; pages say which of it is still missing.
PUBLISHER = {
    "name": "Comune di Firenze",
    "address": env.str("CONTACT_ADDRESS", default=""),
    "email": env.str("CONTACT_EMAIL", default=""),
    "certified_email": env.str("CONTACT_CERTIFIED_EMAIL", default=""),
    "phone": env.str("CONTACT_PHONE", default=""),
    "accessibility_email": env.str("ACCESSIBILITY_CONTACT", default=""),
    "accessibility_statement": env.str("ACCESSIBILITY_STATEMENT_URL", default=""),
    "privacy_controller": env.str("PRIVACY_CONTROLLER", default=""),
    "privacy_email": env.str("PRIVACY_CONTACT", default=""),
    "privacy_notice": env.str("PRIVACY_URL", default=""),
}

# Where the terms of using the API are told.
API_TERMS_URL = env.str("API_TERMS_URL", default="")

# Work that takes longer than a request may: `manage.py db_worker` does it.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# Webhooks go to the public internet by HTTPS; to these networks too, by HTTP as well, and to any port of theirs.
WEBHOOK_NETWORKS = networks("WEBHOOK_NETWORKS")

# E-mails tell people of what happens to their charts; each says how to change that, and links to pages of SITE_URL.
globals().update(mail(DEBUG))
SITE_URL = site_url(DEBUG)
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Firenze Digitale <registry@localhost>")
# The hour, in local time, at which those are told who want one e-mail a day.
NOTICE_DIGEST_HOUR = whole_number("NOTICE_DIGEST_HOUR", default=7, least=0, most=23)

# Logs: JSON lines in production, plain lines in development.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "firenze_digitale.request_log.RequestIdFilter"}},
    "formatters": {
        "json": {"()": "firenze_digitale.request_log.JsonFormatter"},
        "plain": {"format": "%(levelname)s %(name)s %(message)s"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "stream": sys.stderr,
            "filters": ["request_id"],
            "formatter": "plain" if DEBUG else "json",
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # It repeats names of accounts, which are personal data.
        "axes": {"handlers": [], "propagate": False, "level": "CRITICAL"},
    },
}
