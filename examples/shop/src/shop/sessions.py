"""What the shop knows of a visitor, kept in Redis under a key that only their cookie names."""

import hmac
import secrets

from pydantic import BaseModel, Field, ValidationError

from shop.store import Store, StoreUnavailableError

COOKIE = "session"
LIFETIME = 14 * 24 * 3600
"""Seconds after a visitor's last change for which a session is kept."""


class Session(BaseModel):
    """A visitor's session. No visitor has one until there is something to keep."""

    key: str = Field(default_factory=lambda: secrets.token_urlsafe(32), exclude=True)
    cart: dict[int, int] = Field(default_factory=dict[int, int])
    """Quantities by product."""

    @property
    def count(self) -> int:
        """How many things are in the cart."""
        return sum(self.cart.values())


class Sessions:
    """All sessions. The signature keeps made-up keys away from Redis."""

    def __init__(self, store: Store, secret_key: str) -> None:
        self._store = store
        self._secret = secret_key.encode()

    def load(self, cookie: str | None) -> Session:
        """Find a cookie's session, or begin one. Without Redis, a visitor may still look around."""
        key, _, _ = (cookie or "").rpartition(".")
        if cookie is None or not hmac.compare_digest(self._signed(key).encode(), cookie.encode()):
            return Session()
        try:
            stored = self._store.get(_place(key))
            return Session(key=key, cart=Session.model_validate_json(stored or b"{}").cart)
        except (StoreUnavailableError, ValidationError):
            return Session()

    def save(self, session: Session) -> str:
        """Keep a session, and return the cookie that names it.

        Raises:
            StoreUnavailableError: Nothing was kept, which the visitor should be told.
        """
        self._store.put(_place(session.key), session.model_dump_json().encode(), LIFETIME)
        return self._signed(session.key)

    def _signed(self, key: str) -> str:
        return f"{key}.{hmac.new(self._secret, key.encode(), 'sha256').hexdigest()}"


def _place(key: str) -> str:
    return f"shop:session:{key}"
