"""The settings of `django-admin startproject`, unchanged but for its prefix and its static files (WhiteNoise)."""
import os

from mysite.settings import *  # noqa: F403

FORCE_SCRIPT_NAME = os.environ.get("PREFIX")
STATIC_URL = f"{FORCE_SCRIPT_NAME or ''}/static/"
STATIC_ROOT = BASE_DIR / "static"  # noqa: F405
MIDDLEWARE.insert(1, "whitenoise.middleware.WhiteNoiseMiddleware")  # noqa: F405
DEBUG = False
ALLOWED_HOSTS = ["localhost"]
