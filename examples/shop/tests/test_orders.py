"""From the cart to a decision."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from running_shop import NOWHERE, Services, count, opened
from shop.catalog.models import Product
from shop.catalog.service import listing
from shop.context import Context
from shop.database import Database
from shop.orders import service
from shop.orders.models import Order, OrderState
from shop.queue import CONFIRM, SWEEP


def stock(database: Database, product: int) -> int:
    """Count what is left of a product."""
    with database.read() as session:
        return session.get_one(Product, product).stock


def placed(database: Database, quantities: dict[int, int]) -> UUID:
    """Place an order without a task."""
    with database.write() as session:
        return service.place(session, quantities).id


def decided(database: Database, order: UUID) -> OrderState:
    """Decide on an order as its task does."""
    with database.write() as session:
        return service.decide(session, order)


def test_a_visitor_buys(shop: httpx.Client) -> None:
    """Two things go into the cart, and from there into an order that waits for its task."""
    for product in (1, 3):
        assert shop.post("/cart", data={"product_id": product}).headers["Location"] == "/cart"
    assert "€ 51.00" in shop.get("/cart").text
    place = shop.post("/orders")
    assert place.status_code == 303
    page = shop.get(place.headers["Location"]).raise_for_status()
    assert "<em>placed</em>" in page.text
    assert "Kettle" in page.text
    assert "Nothing yet" in shop.get("/cart").text


def test_the_cookie_is_out_of_scripts_reach(shop: httpx.Client) -> None:
    """Nor does another site's form send it; behind TLS, it goes nowhere else."""
    cookie = shop.post("/cart", data={"product_id": 1}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    tls = {"X-Forwarded-Proto": "https"}
    assert "Secure" in shop.post("/cart", data={"product_id": 1}, headers=tls).headers["Set-Cookie"]


def test_a_forged_cookie_finds_nothing(shop: httpx.Client) -> None:
    """A session's key without its signature begins a new session."""
    shop.post("/cart", data={"product_id": 1})
    key, _, _ = shop.cookies["session"].rpartition(".")
    shop.cookies.clear()
    for forged in (key, f"{key}.", f"{key}.{'0' * 64}", "é"):
        page = shop.get("/cart", headers=[(b"Cookie", f"session={forged}".encode())])
        assert "Cart (0)" in page.text


def test_an_order_is_taken_as_json(shop: httpx.Client, context: Context) -> None:
    """Lines of one product are added up, at today's price, and one task is sent."""
    line = {"product_id": 2, "quantity": 2}
    taken = shop.post("/api/orders", json={"lines": [line, line]})
    assert taken.status_code == 202
    order = taken.json()
    assert order["lines"] == [{"product_id": 2, "quantity": 4, "price_cents": 6450}]
    assert shop.get(f"/api/orders/{order['id']}").json() == {**order, "state": "placed"}
    assert count(context.queue.celery) == 1


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([], 422),
        ([{"product_id": 1, "quantity": 0}], 422),
        ([{"product_id": 99, "quantity": 1}], 404),
    ],
)
def test_nonsense_is_refused(shop: httpx.Client, lines: list[dict[str, int]], status: int) -> None:
    """Nothing, none of something, and something that is not sold."""
    assert shop.post("/api/orders", json={"lines": lines}).status_code == status


def test_an_empty_cart_is_no_order(shop: httpx.Client) -> None:
    """The visitor is told, and nobody's order is not found."""
    assert shop.post("/orders").status_code == 422
    assert shop.get(f"/orders/{uuid4()}").status_code == 404


def test_an_order_without_its_task_is_found(stocked: Services, context: Context) -> None:
    """It is taken although the broker is away, and the sweep finds it a minute later."""
    with opened(stocked.settings(celery_broker_url=NOWHERE)) as shop:
        taken = shop.post("/api/orders", json={"lines": [{"product_id": 1, "quantity": 1}]})
    assert taken.status_code == 202
    assert count(context.queue.celery) == 0
    now = datetime.now(UTC)
    with context.database.write() as session:
        assert service.forgotten(session, now) == []
        found = service.forgotten(session, now + timedelta(minutes=2))
    assert [str(order) for order in found] == [taken.json()["id"]]


def test_a_decision_is_made_once(context: Context) -> None:
    """A task that is delivered twice takes things off the shelf once."""
    order = placed(context.database, {1: 20, 3: 1})
    assert decided(context.database, order) is OrderState.CONFIRMED
    assert decided(context.database, order) is OrderState.CONFIRMED
    assert stock(context.database, 1) == 100


def test_tasks_at_once_sell_nothing_twice(context: Context) -> None:
    """Of six orders for 50 of 120, decided by four workers, two are confirmed."""
    # Every other one names its products the other way round.
    orders = [placed(context.database, {1: 50, 3: 1}) for _ in range(6)]
    with ThreadPoolExecutor(4) as workers:
        states = list(workers.map(partial(decided, context.database), orders * 2))
    assert states[:6].count(OrderState.CONFIRMED) == 2
    assert states[6:] == states[:6]
    assert stock(context.database, 1) == 20
    assert stock(context.database, 3) == 998


def test_tasks_do_it(worker: Any, context: Context) -> None:
    """The sweep sends the other, which decides; the listing shows it at once."""
    with context.database.write() as session:
        order = service.place(session, {1: 1})
        order.placed_at = datetime.now(UTC) - timedelta(minutes=2)
    [shown, *_] = listing(context.database, context.cache)
    worker.tasks[SWEEP]()
    assert count(context.queue.celery) == 1
    worker.tasks[CONFIRM](str(order.id))
    with context.database.read() as session:
        assert session.get_one(Order, order.id).state is OrderState.CONFIRMED
    assert listing(context.database, context.cache)[0].stock == shown.stock - 1
