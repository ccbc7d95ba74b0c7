"""The settings of real processes, with one source that counts how often each letter is applied."""

from config.settings.base import *  # noqa: F403

INTAKE_SOURCES = ["tests.runner.survival.Counted"]
ALLOWED_HOSTS = ["testserver"]
