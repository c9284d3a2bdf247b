"""WSGI entry point, for servers without ASGI. The engine starts on first use."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zantara.settings")
application = get_wsgi_application()
