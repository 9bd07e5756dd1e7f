"""What the web server is told by its environment: gunicorn and uvicorn both listen to it."""

from plinth._fleet.instances import vcpus
from plinth.environment import Variable

from .settings import WebSettings, WorkerModel

KEEP_ALIVE_MARGIN = 5
"""Seconds that the server keeps a quiet connection longer than the balancer does. The other way
round, the balancer would send a request down a connection that is just being closed: a 502
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html).
"""

WORKER_TIMEOUT = 30
"""Seconds, gunicorn's default: a shorter one would kill workers still importing the app."""

VARIABLES = (
    Variable(name="PORT", meaning="The port to listen on."),
    Variable(name="WEB_CONCURRENCY", meaning="Worker processes; gunicorn and uvicorn obey it."),
    Variable(
        name="FORWARDED_ALLOW_IPS",
        meaning="``*``: forwarded headers are believed, since only the balancer can connect.",
    ),
    Variable(
        name="GUNICORN_CMD_ARGS",
        meaning="Address, timeouts and threads for gunicorn; its command line wins over them.",
    ),
    Variable(name="UVICORN_HOST", meaning="The address for uvicorn, where no gunicorn runs it."),
    Variable(name="UVICORN_PORT", meaning="The port, likewise."),
    Variable(
        name="UVICORN_TIMEOUT_KEEP_ALIVE", meaning="Seconds to keep quiet connections, likewise."
    ),
    Variable(
        name="UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN",
        meaning="Seconds to finish requests when stopped, likewise.",
    ),
)
"""What the tier itself sets."""


def worker_count(model: WorkerModel, cpus: int) -> int:
    """Count the workers that keep some vCPUs busy.

    https://docs.gunicorn.org/en/stable/design.html#how-many-workers
    """
    return cpus if model is WorkerModel.ASYNC else 2 * cpus + 1


def server_variables(settings: WebSettings, idle_timeout: int) -> dict[str, str]:
    """Tell the server where to listen, how many to be, and how long to keep what it has.

    Args:
        settings: The tier's.
        idle_timeout: Seconds after which the balancer closes a quiet connection.
    """
    keep_alive = str(idle_timeout + KEEP_ALIVE_MARGIN)
    count = settings.workers or worker_count(settings.worker_model, vcpus(settings.instance_type))
    return {
        "PORT": str(settings.port),
        "WEB_CONCURRENCY": str(count),
        "FORWARDED_ALLOW_IPS": "*",
        "GUNICORN_CMD_ARGS": " ".join(_gunicorn(settings, keep_alive)),
        "UVICORN_HOST": "0.0.0.0",  # noqa: S104 - inside a container, behind a security group
        "UVICORN_PORT": str(settings.port),
        "UVICORN_TIMEOUT_KEEP_ALIVE": keep_alive,
        "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN": str(settings.request_seconds),
    }


def _gunicorn(settings: WebSettings, keep_alive: str) -> list[str]:
    threads = settings.worker_model is WorkerModel.SYNC
    return [
        f"--bind=0.0.0.0:{settings.port}",
        f"--keep-alive={keep_alive}",
        f"--timeout={max(WORKER_TIMEOUT, settings.request_seconds)}",
        f"--graceful-timeout={settings.request_seconds}",
        # A heartbeat on disk can block, and the worker would be taken for dead.
        "--worker-tmp-dir=/dev/shm",
        *([f"--threads={settings.threads}"] if threads else []),
        *([f"--worker-class={settings.worker_class}"] if settings.worker_class else []),
    ]
