"""Alive, and ready."""

import httpx

from running_shop import NOWHERE, Services, opened


def test_a_shop_with_everything_is_ready(shop: httpx.Client) -> None:
    """All that it works with answers."""
    ready = shop.get("/readyz").raise_for_status().json()
    assert ready == {
        "status": "ready",
        "checks": {"database": "ok", "broker": "ok", "cache": "ok"},
    }


def test_without_its_cache_it_is_ready(services: Services) -> None:
    """Somebody should look, and nobody should stop sending requests."""
    with opened(services.settings(redis_url=NOWHERE)) as shop:
        answer = shop.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["checks"]["cache"] == "ConnectionError"


def test_without_database_or_broker_it_lives(services: Services) -> None:
    """It is not ready, says what for, and need not be replaced."""
    away = "postgresql://app:secret@127.0.0.1:1/shop"
    with opened(services.settings(database_url=away, celery_broker_url=NOWHERE)) as shop:
        assert shop.get("/healthz").json() == {"status": "alive"}
        answer = shop.get("/readyz")
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert {name for name, said in checks.items() if said != "ok"} == {"database", "broker"}
    assert "secret" not in answer.text
