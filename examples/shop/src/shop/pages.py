"""What all pages have in common."""

from typing import Any, cast

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.templating import Jinja2Templates

from shop.sessions import Session
from shop.settings import Settings
from shop.static import hashed_names


def make_templates(settings: Settings) -> Jinja2Templates:
    """Load the templates, which find static files and uploads where the settings say."""
    environment = Environment(
        loader=PackageLoader("shop"), autoescape=True, undefined=StrictUndefined
    )

    def static(name: str) -> str:
        return f"{settings.static_url}{hashed_names()[name]}"

    def media(name: str) -> str:
        return f"{settings.media_url}{name}"

    # Its stubs allow for what Jinja2 itself puts there, and nothing else.
    cast("dict[str, object]", environment.globals).update(static=static, media=media)
    environment.filters["money"] = money
    return Jinja2Templates(env=environment)


def money(cents: int) -> str:
    """Write an amount."""
    return f"€ {cents // 100}.{cents % 100:02}"


def render(request: Request, name: str, visitor: Session, **values: Any) -> HTMLResponse:
    """Fill in a template. Pages tell of the visitor, so that nobody else may keep them."""
    templates = cast("Jinja2Templates", request.app.state.templates)
    return templates.TemplateResponse(
        request,
        name,
        {"visitor": visitor, **values},
        headers={"Cache-Control": "private, no-cache"},
    )
