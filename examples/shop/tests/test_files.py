"""Static files, whose names change with their content."""

import json
from pathlib import Path

import httpx

from running_shop import Services, opened
from shop.static import CACHE_CONTROL, collect, hashed_names


def test_the_build_writes_what_the_app_names(tmp_path: Path, shop: httpx.Client) -> None:
    """Every file that a page asks for is among those that the build wrote."""
    collect(tmp_path)
    for plain, hashed in json.loads((tmp_path / "manifest.json").read_text()).items():
        assert hashed == hashed_names()[plain]
        assert hashed.partition(".")[0] == plain.partition(".")[0]
        assert f"/static/{hashed}" in shop.get("/").text
        assert shop.get(f"/static/{hashed}").content == (tmp_path / hashed).read_bytes()


def test_a_hashed_name_is_kept_for_ever(shop: httpx.Client) -> None:
    """And the plain one, which may become something else, is not served at all."""
    answer = shop.get(f"/static/{hashed_names()['app.css']}")
    assert answer.headers["Cache-Control"] == CACHE_CONTROL
    assert answer.headers["Content-Type"].startswith("text/css")
    assert shop.get("/static/app.css").status_code == 404


def test_a_cdn_serves_them(stocked: Services) -> None:
    """Pages name it, the app serves none itself, and cookies go by TLS alone."""
    cdn = {"static_url": "https://cdn.example/static/", "media_url": "https://cdn.example/media/"}
    with opened(stocked.settings(**cdn)) as shop:
        assert f"https://cdn.example/static/{hashed_names()['app.css']}" in shop.get("/").text
        assert shop.get(f"/static/{hashed_names()['app.css']}").status_code == 404
        assert "Secure" in shop.post("/cart", data={"product_id": 1}).headers["Set-Cookie"]
