"""Static files and uploads, where neither a CDN nor nginx serves them."""

import mimetypes

from fastapi import FastAPI, HTTPException, Response
from starlette.staticfiles import StaticFiles

from shop.settings import Settings
from shop.static import CACHE_CONTROL, assets, hashed_names


def serve(app: FastAPI, settings: Settings) -> None:
    """Serve what is to be found on this host."""
    if settings.static_url.startswith("/"):
        app.add_api_route(
            f"{settings.static_url}{{name}}", static_file, methods=["GET"], include_in_schema=False
        )
    if settings.media_url.startswith("/"):
        uploads = StaticFiles(directory=settings.media_dir, check_dir=False)
        app.mount(settings.media_url.rstrip("/"), uploads)


async def static_file(name: str) -> Response:
    """Serve a file under its hashed name alone, since it may be kept for ever."""
    plain = {hashed: plain for plain, hashed in hashed_names().items()}.get(name)
    if plain is None:
        raise HTTPException(404)
    kind, _ = mimetypes.guess_type(plain)
    return Response(assets()[plain], media_type=kind, headers={"Cache-Control": CACHE_CONTROL})
