"""WSGI entry point: `gunicorn firenze_digitale.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "firenze_digitale.settings")

application = get_wsgi_application()
