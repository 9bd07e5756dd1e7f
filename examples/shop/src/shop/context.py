"""What the app works with, made once in each process."""

from shop.cache import Cache
from shop.database import Database
from shop.media.storage import make_storage
from shop.queue import Queue
from shop.sessions import Sessions
from shop.settings import Settings
from shop.store import Store, connect


class Context:
    """The services around the app, each by what it is for. Making it connects to none."""

    def __init__(self, settings: Settings, queue: Queue) -> None:
        self.settings = settings
        self.database = Database(settings)
        self.broker = Store(connect(settings.celery_broker_url.get_secret_value(), timeout=1))
        self.store = Store(connect(settings.redis_url.get_secret_value()))
        self.cache = Cache(self.store)
        self.sessions = Sessions(self.store, settings.secret_key.get_secret_value())
        self.storage = make_storage(settings)
        self.queue = queue

    def close(self) -> None:
        """Close every connection."""
        self.queue.close()
        self.database.dispose()
        self.store.close()
        self.broker.close()
