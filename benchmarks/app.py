"""Load the sample app behind nginx, and restart a worker meanwhile: no error, no task lost.

    python -m benchmarks.app [--seconds N] [--connections N]

Everything runs on this machine, the load as well, so the figures say how the parts compare rather
than what an instance can do. No beat runs: its sweep would make up for a task that got lost.
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import psycopg
import redis
from tools.app import shop
from tools.app.programs import UnusableError, free_port
from tools.app.running import App, Tiers, running

from plinth._celery.drain import plan_drain
from plinth._celery.files import celery_stop

TIERS = Tiers(beat=None)
POOL = "default"
PATIENCE = 300.0
"""Seconds for the tasks that are left when the load ends."""

SCRIPT = """
local bodies, number = {%s}, 0
request = function()
  if #bodies == 0 then return wrk.format("GET", "%s") end
  number = number %% #bodies + 1
  local headers = {["Content-Type"] = "application/json"}
  return wrk.format("POST", "%s", headers, bodies[number])
end
done = function(summary, latency)
  local e = summary.errors
  local form = '\\n{"requests": %%d, "seconds": %%f, "p50": %%f, "p99": %%f, "errors": %%d}'
  io.write(string.format(form,
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""
"""What wrk asks for, and what it tells in the end, in JSON and milliseconds."""


@dataclass(frozen=True)
class Load:
    """What is asked for, over and over."""

    path: str
    bodies: Sequence[str] = ()
    """What is posted, in turn; nothing is got."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How it went."""

    requests: int
    seconds: float
    p50: float
    """Milliseconds within which half of the requests were answered."""
    p99: float
    errors: int
    """Requests without an answer, or with one that is no success."""


def main() -> int:
    """Run it, and exit with 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description="load the sample app")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    ports = shop.Ports(**{name: free_port() for name in asdict(shop.Ports())})
    with tempfile.TemporaryDirectory(prefix="plinth-app-") as state:
        Path(state).chmod(0o755)
        try:
            with running(Path(state), ports, lambda _: None, TIERS) as app:
                return measure(app, options.seconds, options.connections)
        except UnusableError as error:
            sys.exit(f"app: {error}")


def measure(app: App, seconds: int, connections: int) -> int:
    """Load both, print how it went, and tell whether all is well."""
    products = fill_the_shelves(app)
    bodies = [json.dumps({"lines": [{"product_id": each, "quantity": 1}]}) for each in products]
    with ThreadPoolExecutor() as threads:
        page = load(app, Load("/"), seconds, connections)
        loading = threads.submit(load, app, Load("/api/orders", bodies), seconds, connections)
        # Not in the thread: what a thread started would end with it.
        pause = restart(app, seconds / 3)
        orders = loading.result()
    print(f"by {loader()}, {connections} connections, {shop.WEB.workers} web workers\n")
    print(f"{'':24}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'errors':>8}")
    for name, figures in (("GET /", page), ("POST /api/orders", orders)):
        rate = figures.requests / figures.seconds
        print(f"{name:24}{rate:12.0f}{figures.p50:9.1f}{figures.p99:9.1f}{figures.errors:8}")
    left = time.monotonic()
    counts = decided(app)
    print(f"\nworker restarted during the orders: away for {pause:.1f} s")
    print(f"orders by state, {time.monotonic() - left:.1f} s after the load: {counts}")
    print(f"runs of their task: {runs(app)}; left in the broker: {waiting(app)}")
    lost = sum(counts.values()) - counts.get("confirmed", 0) + waiting(app)
    missing = max(0, orders.requests - sum(counts.values()))
    return 1 if page.errors + orders.errors + lost + missing else 0


def fill_the_shelves(app: App) -> list[int]:
    """Make sure that no order is rejected; return the products."""
    with psycopg.connect(app.environment["DATABASE_URL"]) as database:
        rows = database.execute("UPDATE products SET stock = 1000000000 RETURNING id").fetchall()
    return [row[0] for row in rows]


def restart(app: App, after: float) -> float:
    """Stop a worker as its unit does, and start it again; return how long it was away."""
    time.sleep(after)
    name = f"worker-{POOL}"
    drain = plan_drain(TIERS.workers.pools[POOL].max_task).drain
    asked = time.time()
    celery_stop.stop(app.programs.pid(name), lambda: asked + drain)
    stopped = time.time()
    app.programs.log(name).rename(app.programs.log("worker-before"))
    app.programs.stop(name)
    app.programs.start(shop.worker(POOL, app.environment, TIERS.workers))
    app.programs.wait()
    return time.time() - stopped


def decided(app: App) -> Mapping[str, int]:
    """Wait until no order waits, and count them by state."""
    until = time.monotonic() + PATIENCE
    with psycopg.connect(app.environment["DATABASE_URL"], autocommit=True) as database:
        while True:
            rows = database.execute(
                "SELECT state::text, count(*) FROM orders GROUP BY 1"
            ).fetchall()
            counts = dict(rows)
            if "placed" not in counts or time.monotonic() > until:
                return counts
            app.programs.check()
            time.sleep(0.2)


def runs(app: App) -> int:
    """Count how often the task ran: a delivery is at least once."""
    logs = [app.programs.log(name) for name in ("worker-before", f"worker-{POOL}")]
    return sum(log.read_text().count('"order decided"') for log in logs)


def waiting(app: App) -> int:
    """Count what the broker still has: in the queue, or with a worker."""
    client = cast("Any", redis.Redis).from_url(app.environment["CELERY_BROKER_URL"])
    with closing(client) as broker:
        return broker.llen("celery") + broker.hlen("unacked")


def loader() -> str:
    """Name what the load is made with."""
    return "wrk" if shutil.which("wrk") else "httpx, which wants more of the CPU than wrk would"


def load(app: App, what: Load, seconds: int, connections: int) -> Figures:
    """Ask as fast as the answers come, for some time."""
    if shutil.which("wrk"):
        return load_by_wrk(app, what, seconds, connections)
    return asyncio.run(load_by_httpx(app, what, seconds, connections))


def load_by_wrk(app: App, what: Load, seconds: int, connections: int) -> Figures:
    """Have wrk do it."""
    bodies = ", ".join(f"[[{body}]]" for body in what.bodies)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % (bodies, what.path, what.path))
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "-s", script.name, app.url]
        told = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return Figures(**json.loads(told.stdout.splitlines()[-1]))


async def load_by_httpx(app: App, what: Load, seconds: int, connections: int) -> Figures:
    """Do it ourselves."""
    taken: list[float] = []
    errors = 0
    end = time.monotonic() + seconds

    async def visit(client: httpx.AsyncClient, number: int) -> None:
        nonlocal errors
        while time.monotonic() < end:
            started = time.monotonic()
            try:
                number += 1
                await ask(client, what, number)
            except httpx.HTTPError:
                errors += 1
            taken.append((time.monotonic() - started) * 1000)

    async with httpx.AsyncClient(base_url=app.url) as client:
        await asyncio.gather(*(visit(client, number) for number in range(connections)))
    taken.sort()
    p50, p99 = (taken[len(taken) * percent // 100] for percent in (50, 99))
    return Figures(requests=len(taken), seconds=seconds, p50=p50, p99=p99, errors=errors)


async def ask(client: httpx.AsyncClient, what: Load, number: int) -> None:
    """Ask once."""
    if what.bodies:
        body = what.bodies[number % len(what.bodies)]
        headers = {"Content-Type": "application/json"}
        answer = await client.post(what.path, content=body, headers=headers)
    else:
        answer = await client.get(what.path)
    answer.raise_for_status()


if __name__ == "__main__":
    raise SystemExit(main())
