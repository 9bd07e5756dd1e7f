"""The web app, put together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI

from shop import files, health
from shop.catalog import api as catalog_api
from shop.catalog import pages as catalog_pages
from shop.context import Context
from shop.errors import handle_errors
from shop.middleware import RequestLog
from shop.orders import api as orders_api
from shop.orders import pages as orders_pages
from shop.pages import make_templates
from shop.queue import Queue, create_celery
from shop.settings import Settings

ROUTERS = (
    health.router,
    catalog_api.router,
    catalog_pages.router,
    orders_api.router,
    orders_pages.router,
)


def create_app(settings: Settings) -> FastAPI:
    """Put the app together. It connects to nothing until a request needs it."""
    app = FastAPI(title="shop", lifespan=_lifespan)
    app.state.context = Context(settings, Queue(create_celery(settings)))
    app.state.templates = make_templates(settings)
    for router in ROUTERS:
        app.include_router(router)
    files.serve(app, settings)
    handle_errors(app)
    app.add_middleware(RequestLog)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    context: Context = app.state.context
    anyio.to_thread.current_default_thread_limiter().total_tokens = context.settings.threads
    yield
    # The server has finished every request by now.
    await anyio.to_thread.run_sync(context.close)
