"""Settings. Production is this file plus the environment; every variable stands in docs/configuration.md."""

from __future__ import annotations

from datetime import timedelta

import django_stubs_ext

from config import broker, env, mail, outgoing

# Lets `ModelAdmin[User]` and its like be written, which Django's own classes do not allow at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = env.ROOT
DATA_DIR = env.data_dir()

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY", "secret_key")
# Encrypts source secrets at rest; apart from SECRET_KEY so that each can be rotated alone.
SECRETS_KEY = env.secret("SECRETS_KEY", "secrets_key")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
# Where `manage.py up` listens, and whether it fills an empty database with demonstration data.
BIND = env.text("BIND", "127.0.0.1")
PORT = env.integer("PORT", 8000)
DEMO = env.boolean("DEMO", default=True)
SITE_URL = env.text("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django.forms",
    "pgtrigger",
    "pghistory",
    "design",
    "accounts",
    "intake",
    "changes",
    "incidents",
    "analytics",
    "runner",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "accounts.middleware.AddressMiddleware",
    "accounts.middleware.LengthMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.FormMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.middleware.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

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
                "analytics.banner.demo",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASE_URL = env.text("DATABASE_URL")
if DATABASE_URL:
    DATABASES = {"default": env.database(DATABASE_URL)}
else:
    # The runner starts PostgreSQL on this socket; without DATABASE_URL nothing else is ever used.
    from runner.postgres import connection_settings

    DATABASES = {"default": connection_settings(DATA_DIR)}
DATABASES["default"] |= {
    "ATOMIC_REQUESTS": False,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        **dict(DATABASES["default"].get("OPTIONS") or {}),  # type: ignore[call-overload]
        "pool": {"min_size": 1, "max_size": env.integer("DATABASE_POOL_SIZE", 10), "timeout": 10},
    },
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
SIGN_IN_LINK_AGE = timedelta(minutes=15)

# A word in the top bar that tells this installation from others, such as "staging".
ENVIRONMENT_LABEL = env.text("ENVIRONMENT_LABEL")

LANGUAGE_CODE = "en"
# The organisation's zone: days, weeks and quarters are counted in it. Instants are stored in UTC.
ORGANISATION_TIME_ZONE = env.text("ORGANISATION_TIME_ZONE", "UTC")
TIME_ZONE = ORGANISATION_TIME_ZONE
USE_I18N = False
FORMAT_MODULE_PATH = ["design.formats"]
# What a filter that is not set says.
FILTERS_EMPTY_CHOICE_LABEL = "Any"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "design.finders.PackageFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Pages only ask for hashed names; a map is for a developer's eyes and nobody waits for it.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "png", "jpg", "gif", "webp", "gz", "br", "woff", "woff2", "zip"]

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https://")
if SESSION_COOKIE_SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.ScopedPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.parsers.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "accounts.paging.CursorPages",
    "DEFAULT_THROTTLE_CLASSES": ["accounts.throttles.ReadOrWriteThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "api_read": env.rate("API_READ_RATE", "1200/min"),
        "api_write": env.rate("API_WRITE_RATE", "600/min"),
    },
    "DEFAULT_SCHEMA_CLASS": "accounts.schema.Schema",
    "EXCEPTION_HANDLER": "accounts.problems.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Hindcast API",
    "DESCRIPTION": "Incidents, the changes behind them, and where AI had a hand. See docs/api.md.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "accounts.schema.share_problems",
        "accounts.schema.allow_empty_addresses",
        "accounts.schema.refuse_unknown_fields",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ActionState": "incidents.models.ActionItem.State",
        "ActionType": "incidents.models.ActionItem.Type",
        "ToldChangeState": "changes.serializers.TOLD_STATES",
        "CauseJudgementStatus": "incidents.serializers.SAID_CAUSES",
        "CauseRole": "incidents.models.Cause.RoleInIncident",
        "CauseStatus": "incidents.models.Cause.Status",
        "CellState": "analytics.serializers.CELL_STATES",
        "ChangeState": "changes.models.Change.State",
        "ChangeType": "changes.models.Change.Type",
        "ClosingReason": "incidents.models.Incident.ClosingReason",
        "DecisionVerdict": "changes.models.Decision.Verdict",
        "DeliveryState": "intake.models.Delivery.State",
        "DeploymentKind": "changes.models.Deployment.Kind",
        "DeploymentStatus": "changes.models.Deployment.Status",
        "ReviewVerdict": "incidents.models.PostmortemComment.Verdict",
        "FeatureDirection": "changes.models.Feature.Direction",
        "IdentityRole": "changes.models.ChangeIdentity.Role",
        "IncidentStatus": "incidents.models.Incident.Status",
        "LessonState": "incidents.models.Lesson.State",
        "LoadKind": "changes.models.LoadReading.Kind",
        "Origin": "changes.models.Origin",
        "PostmortemState": "incidents.models.Postmortem.State",
        "ReviewState": "changes.models.Review.State",
        "ScenarioState": "analytics.models.TestScenario.State",
        "ShaRole": "changes.serializers.SHA_ROLES",
        "TimelineKind": "incidents.models.TimelineEntry.Kind",
    },
}

# What a delivery may weigh before it is refused with 413; GitHub sends up to 25 MB.
INTAKE_MAX_BYTES = env.integer("INTAKE_MAX_BYTES", 26 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = INTAKE_MAX_BYTES
# What a compressed one may become: a report of a million tests.
INTAKE_MAX_INFLATED_BYTES = env.integer("INTAKE_MAX_INFLATED_BYTES", 256 * 1024 * 1024)
INTAKE_SOURCES = [
    "incidents.pagers.pagerduty.PagerDuty",
    "incidents.pagers.alertmanager.Alertmanager",
    "incidents.pagers.generic.GenericIncident",
    "changes.forges.github.GitHub",
    "changes.forges.generic.GenericChange",
    "changes.ci.junit.JUnit",
]
INTAKE_KEEP_DONE = timedelta(days=env.integer("INTAKE_KEEP_DONE_DAYS", 90))
INTAKE_KEEP_PARKED = timedelta(days=env.integer("INTAKE_KEEP_PARKED_DAYS", 180))
# For how long a web process remembers a source, and how often at most it rings the worker.
INTAKE_DOOR_SECONDS = 5.0
INTAKE_RING_SECONDS = 0.2

# Without MAIL_HOST no mail is ever sent: Django's backend then is the one that throws everything away.
MAIL_HOST = env.text("MAIL_HOST")
MAIL_SECURITY = env.one_of("MAIL_SECURITY", mail.STARTTLS, mail.SECURITIES)
EMAIL_BACKEND = mail.backend(MAIL_HOST)
EMAIL_HOST = MAIL_HOST
EMAIL_PORT = env.integer("MAIL_PORT", mail.PORTS[MAIL_SECURITY])
EMAIL_HOST_USER = env.text("MAIL_USER")
EMAIL_HOST_PASSWORD = env.text("MAIL_PASSWORD")
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL_SECURITY == mail.STARTTLS, MAIL_SECURITY == mail.TLS
EMAIL_TIMEOUT = env.integer("MAIL_TIMEOUT", 15)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = mail.sender(MAIL_HOST, env.text("MAIL_FROM"))
# When the weekly mail is made, and from which hour on the daily one; in the organisation's zone.
MAIL_WEEKDAY = mail.WEEKDAYS.index(env.one_of("MAIL_WEEKDAY", "monday", mail.WEEKDAYS))
MAIL_HOUR = mail.hour(env.integer("MAIL_HOUR", 8))
# Who writes the mail of a topic, and what keeps all mail back while it says yes.
MAIL_WRITERS = {
    "decisions": "analytics.mails.weekly",
    "notices": "accounts.mail_notices",
    "digest": "analytics.mails.digest",
}
MAIL_HELD_WHILE = "analytics.queries.figures.shows_demo"
# What a digest or a hook can be narrowed to.
SCOPES_OFFERED = "analytics.queries.scope_choices.offered"

# Who writes the messages of a topic to outgoing hooks; and networks, addresses and hosts that these may reach
# though they are not public.
HOOK_WRITERS = {
    "weekly_review": "analytics.hooks.weekly_review",
    "signal": "analytics.hooks.signal",
    "limit_crossed": "analytics.hooks.limit_crossed",
}
OUTGOING_ALLOWED = outgoing.listed(env.words("OUTGOING_ALLOWED"))

# A message is a doorbell, never the letter: what must be done is a row, and the tick rings again for it.
CELERY_BROKER_URL = broker.address(env.text("CELERY_BROKER_URL"))
CELERY_BROKER_TRANSPORT_OPTIONS = broker.transport_options(CELERY_BROKER_URL, DATABASES["default"])
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# The queue inside the database knows no broadcast: `celery inspect` needs a real broker.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = not CELERY_BROKER_URL.startswith(broker.IN_DATABASE)
CELERY_BEAT_SCHEDULER = "celery.beat.Scheduler"
CELERY_BEAT_SCHEDULE = {"tick": {"task": "runner.tick", "schedule": timedelta(seconds=30)}}
# What every tick calls, in this order; each looks into its own tables for what is due.
TICKS = [
    "intake.tasks.sweep",
    "accounts.idempotency.forget",
    "changes.tasks.forget_day_keys",
    "changes.tasks.place_waiting",
    "changes.tasks.follow_fixes",
    "changes.tasks.fold_counts",
    "changes.tasks.read_history_again",
    "incidents.tasks.follow_doubles",
    "incidents.tasks.remind_owners",
    "analytics.tasks.sweep",
    "analytics.tasks.follow_test_runs",
    "analytics.tasks.follow_flow",
    "analytics.tasks.follow_beside",
    "analytics.tasks.look_at_limits",
    "analytics.tasks.judge_week",
    "accounts.tasks.make_mail",
    "accounts.tasks.ring_for_mail",
    "intake.tasks.make_outgoing",
    "intake.tasks.ring_for_outgoing",
]
# Demonstration data is only made where none of these has a row.
ROWS_OF_ONES_OWN = ["intake.Source", "changes.Change", "incidents.Incident"]
HEARTBEAT_AGE = timedelta(seconds=90)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname:<7} {name} {message}", "style": "{"}},
    "filters": {"without_keys": {"()": "accounts.log_filter.WithoutKeys"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["without_keys"]}
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
}
