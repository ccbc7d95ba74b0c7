import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

application = get_wsgi_application()

# What is loaded by now stays for good: the collector of garbage need not go through it during a page. And a
# page makes tens of thousands of small things, nearly all of which go by themselves: it is asked for seldom.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
