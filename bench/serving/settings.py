from config.settings.base import *  # noqa: F403

ROOT_URLCONF = "bench.serving.urls"
