"""The web servers' way in: ``gunicorn shop.main:app``."""

from shop.app import create_app
from shop.logs import configure_logging
from shop.settings import Settings

settings = Settings.from_environment()
configure_logging(settings.log_level)
app = create_app(settings)
