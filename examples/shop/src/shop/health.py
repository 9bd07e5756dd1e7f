"""Whether the process lives, and whether it can work.

``/healthz`` is for what replaces a process that hangs, such as a balancer whose group replaces
what it calls unhealthy: asked about the database there, all instances would be replaced when it
is away for a minute. ``/readyz`` is for what only stops sending requests, and for people.
"""

from collections.abc import Callable
from typing import Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter, Response
from pydantic import BaseModel

from shop.dependencies import Shop

PATIENCE = 2.0
"""Seconds in which a dependency must answer."""

router = APIRouter(tags=["health"])


class Readiness(BaseModel):
    """What can be worked with; names of errors, and no details, which are the log's."""

    status: Literal["ready", "degraded", "unready"]
    checks: dict[str, str]


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Tell that the process answers."""
    return {"status": "alive"}


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(shop: Shop, response: Response) -> Readiness:
    """Tell which dependencies answer. Without its cache, the shop is slow and works."""
    needed = {"database": shop.database.check, "broker": shop.broker.check}
    checks: dict[str, str] = {}
    async with anyio.create_task_group() as group:
        for name, check in {**needed, "cache": shop.store.check}.items():
            group.start_soon(_note, checks, name, check)
    failed = {name for name, said in checks.items() if said != "ok"}
    if failed & needed.keys():
        response.status_code = 503
        return Readiness(status="unready", checks=checks)
    return Readiness(status="degraded" if failed else "ready", checks=checks)


async def _note(checks: dict[str, str], name: str, check: Callable[[], None]) -> None:
    # Threads of its own: those of requests may all be waiting for what is checked here.
    limiter = anyio.CapacityLimiter(1)
    try:
        with anyio.fail_after(PATIENCE):
            await anyio.to_thread.run_sync(check, abandon_on_cancel=True, limiter=limiter)
        checks[name] = "ok"
    except Exception as error:  # noqa: BLE001 - whatever it is, that is the answer
        checks[name] = type(error).__name__
