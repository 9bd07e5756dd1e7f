"""How pods of Celery workers are run, beside what the workers are told wherever they run."""

from enum import StrEnum

from plinth._celery.settings import CeleryWorkersSettings
from plinth.kubernetes.settings import PodSettings


class Autoscaler(StrEnum):
    """What decides how many pods a pool has."""

    KEDA = "keda"
    """The load of each slot, counted in Redis: KEDA must be installed in the cluster."""

    CPU = "cpu"
    """A ``HorizontalPodAutoscaler`` on CPU, where KEDA is absent. Workers that wait for others
    look idle to it: their pools stay at ``min_size``, however long the queue."""


class CeleryPodSettings(PodSettings, frozen=True):
    """How the pods of Celery workers are run and scaled."""

    autoscaler: Autoscaler = Autoscaler.KEDA
    """What decides how many pods a pool has, between ``min_size`` and ``max_size``."""


RESERVED = "release"
"""What the release step is called, among the pools."""


def check_pools(name: str, settings: CeleryWorkersSettings, pods: CeleryPodSettings) -> None:
    """Refuse what a cluster could not run, before anything is registered."""
    if RESERVED in settings.pools:
        msg = f"celery {name!r} has a pool {RESERVED!r}, as its release step is called: rename it"
        raise ValueError(msg)
    for pool, plan in settings.pools.items():
        if pods.autoscaler is Autoscaler.CPU and plan.min_size == 0 < plan.max_size:
            msg = (
                f"celery {name!r} has pool {pool!r} with min_size=0 and autoscaler=cpu, and pods "
                "that are not there use no CPU to be scaled on: set min_size=1, or autoscaler=keda"
            )
            raise ValueError(msg)
