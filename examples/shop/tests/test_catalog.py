"""Looking at products, and changing them."""

from pathlib import Path

import httpx
from sqlalchemy import text

from running_shop import NOWHERE, STAFF, Services, opened

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def names(shop: httpx.Client) -> list[str]:
    """List the products' names."""
    return [product["name"] for product in shop.get("/api/products").raise_for_status().json()]


def test_the_window_shows_what_is_for_sale(shop: httpx.Client) -> None:
    """Each product is there with its price, and a way to buy it."""
    page = shop.get("/").raise_for_status()
    assert page.text.count('name="product_id"') == 4
    assert "€ 64.50" in page.text
    assert "private" in page.headers["Cache-Control"]


def test_a_product_can_be_asked_for(shop: httpx.Client) -> None:
    """By its id, as JSON; another id is not found."""
    assert shop.get("/api/products/3").json()["name"] == "Mug"
    assert shop.get("/api/products/99").status_code == 404


def test_the_listing_is_cached(shop: httpx.Client, stocked: Services) -> None:
    """A change behind the app's back shows once the cache forgets."""
    before = names(shop)
    with stocked.owner.begin() as connection:
        connection.execute(text("UPDATE products SET name = 'Cup' WHERE slug = 'mug'"))
    assert names(shop) == before
    stocked.flush()
    assert "Cup" in names(shop)


def test_without_its_cache_the_shop_is_open(stocked: Services) -> None:
    """Reads go to the database, a visitor may look around, and is told what cannot be kept."""
    with opened(stocked.settings(redis_url=NOWHERE)) as shop:
        assert len(names(shop)) == 4
        assert shop.get("/cart").status_code == 200
        refused = shop.post("/cart", data={"product_id": 1})
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "5"


def test_reads_go_to_the_replica(stocked: Services) -> None:
    """Products are shown while the primary is away."""
    away = stocked.variables["DATABASE_URL"].replace("postgres@", "nobody@")
    with opened(stocked.settings(database_url=away)) as shop:
        assert shop.get("/api/products/1").status_code == 200
        bought = shop.post("/api/orders", json={"lines": [{"product_id": 1, "quantity": 1}]})
        assert bought.status_code == 503


def test_staff_can_set_a_picture(shop: httpx.Client, stocked: Services) -> None:
    """It is kept under a name that nobody chose, served, and shown at once."""
    assert '<img src="/media/' not in shop.get("/").text
    done = shop.put("/api/products/1/picture", content=PNG, headers=STAFF).raise_for_status()
    name = done.json()["picture"]
    assert name.endswith(".png")
    assert (Path(stocked.variables["MEDIA_DIR"]) / name).read_bytes() == PNG
    assert shop.get(f"/media/{name}").content == PNG
    assert f"/media/{name}" in shop.get("/").text


def test_others_can_not(shop: httpx.Client) -> None:
    """No token, or another, does not do."""
    path = "/api/products/1/picture"
    assert shop.put(path, content=PNG).status_code == 401
    other = {"Authorization": f"Bearer {'u' * 32}"}
    assert shop.put(path, content=PNG, headers=other).status_code == 403


def test_only_pictures_are_taken(shop: httpx.Client) -> None:
    """What is none, too much, or of nothing that is sold, is refused with the reason."""

    def put(content: bytes, product: int = 1) -> int:
        path = f"/api/products/{product}/picture"
        return shop.put(path, content=content, headers=STAFF).status_code

    assert put(b"<svg onload='alert(1)'/>") == 415
    assert put(PNG + bytes(5 * 2**20)) == 413
    assert put(PNG, product=99) == 404
