import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

application = get_wsgi_application()

# What is loaded by now stays for good: without it each collection during a page is over in no time, and a
# page that makes tens of thousands of small things needs few.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
