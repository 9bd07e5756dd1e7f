"""The worker's and beat's way in: ``celery -A shop``."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from functools import cache
from typing import Any

import structlog
from celery.signals import setup_logging, task_postrun, task_prerun, worker_process_shutdown

from shop.context import Context
from shop.logs import configure_logging
from shop.queue import Queue, create_celery
from shop.settings import Settings

settings = Settings.from_environment()
app = create_celery(settings)


@cache
def context() -> Context:
    """Make what tasks work with, in the process that runs them: no connection survives a fork."""
    return Context(settings, Queue(app))


@setup_logging.connect
def _log(**_: Any) -> None:
    configure_logging(settings.log_level)


@task_prerun.connect
def _begin(task_id: str, task: Any, **_: Any) -> None:
    structlog.contextvars.bind_contextvars(
        task=task.name, task_id=task_id, request_id=task.request.get("request_id")
    )


@task_postrun.connect
def _end(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()


@worker_process_shutdown.connect
def _close(**_: Any) -> None:
    if context.cache_info().currsize:
        context().close()
