"""The application for any WSGI server: `gunicorn wsgi:app`, `uwsgi --module wsgi:app` and so on."""

import os

from helpdesk.app import create_app
from helpdesk.config import load_settings

app = create_app(load_settings(os.environ))
