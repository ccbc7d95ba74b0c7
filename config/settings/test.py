"""Settings for the tests: their own database, cheap passwords, no manifest, the rest as in production."""

import os

# Never the database that the surroundings name: tests/conftest.py starts one, or is given one to use.
os.environ.pop("DATABASE_URL", None)
if os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
os.environ["CELERY_BROKER_URL"] = "memory://"
os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("SECRETS_KEY", "only-for-tests-too")

from config.settings.base import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
INTAKE_DOOR_SECONDS = INTAKE_RING_SECONDS = 0.0
