"""One pool of workers in a cluster: its Deployment, and what makes it grow, shrink and stay."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from plinth._celery.command import worker_command
from plinth._celery.load import CPU_TARGET, PERIOD
from plinth._celery.settings import CeleryWorkersSettings, Pool
from plinth.kubernetes._parts.labels import selector
from plinth.kubernetes._parts.namespace import after
from plinth.kubernetes._parts.pod import Container, template
from plinth.kubernetes._parts.release import UNDISTURBED
from plinth.kubernetes._parts.scaling import follow_cpu
from plinth.kubernetes._parts.secrets import WAIT
from plinth.kubernetes._parts.site import Site

from .delivery import KEDA_API, Delivery
from .keda import QUIET, SHRINK_PERCENT, own_keys, scaled_object
from .stay import (
    ANSWER_EVERY,
    ANSWER_PATIENCE,
    ANSWER_SECONDS,
    HOLD,
    answer_command,
    leave_command,
    plan_leave,
)

SURGE = "50%"
"""How many more pods a rollout may add at a time, as many as on EC2; it takes none away first."""

EVICTED = "25%"
"""How many pods of a pool nodes may give up at a time as they are drained. What scales a pool
does not ask."""

PROGRESS = ANSWER_SECONDS + 300
"""Seconds in which a rollout must come further, of which the new worker has its own."""

CAPACITY = "karpenter.sh/capacity-type"
"""Label of the nodes of Karpenter and of Auto Mode. That of managed node groups,
``eks.amazonaws.com/capacityType``, must not stand beside it: of that domain Auto Mode takes only
labels that it knows, and makes no node for a pod that names another
(https://github.com/komodorio/helm-charts/pull/640)."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where a pool's pods go, and with what."""

    site: Site
    image: pulumi.Input[str]
    variables: pulumi.Input[str]
    """Name of the ``ConfigMap`` with the pool's variables."""
    delivery: Delivery
    """The secrets, and KEDA's way to the broker; without one, pools scale on CPU."""
    released: Sequence[pulumi.Resource]
    """The release step, if there is one."""


def make_pool(
    name: str, settings: CeleryWorkersSettings, pool: str, placement: Placement
) -> k8s.apps.v1.Deployment:
    """Create a pool's Deployment and all that belongs to it, under the name given."""
    plan, site = settings.pools[pool], placement.site
    leave = plan_leave(plan)
    spec: k8s.apps.v1.DeploymentSpecArgsDict = {
        "selector": {"match_labels": selector(site.name, pool)},
        "strategy": {
            "type": "RollingUpdate",
            "rolling_update": {"max_surge": SURGE, "max_unavailable": 0},
        },
        "progress_deadline_seconds": PROGRESS,
        "revision_history_limit": 3,
        "template": template(site, _container(name, settings, pool, placement)),
    }
    if not plan.max_size:
        # Nothing scales it then. Otherwise how many there are is for what does to say.
        spec["replicas"] = 0
    deployment = k8s.apps.v1.Deployment(
        name,
        metadata=site.metadata(pool, name=name),
        spec=spec,
        opts=pulumi.ResourceOptions(
            parent=site.parent,
            depends_on=[*site.ready, *placement.delivery.app.ready, *placement.released],
            custom_timeouts=pulumi.CustomTimeouts(
                create=f"{PROGRESS + 60}s",
                update=f"{PROGRESS + 60}s",
                # Tasks end first.
                delete=f"{leave.grace + 300}s",
            ),
        ),
    )
    k8s.policy.v1.PodDisruptionBudget(
        name,
        metadata=site.metadata(pool, name=name),
        spec={
            "selector": {"match_labels": selector(site.name, pool)},
            "max_unavailable": EVICTED,
            "unhealthy_pod_eviction_policy": "AlwaysAllow",
        },
        opts=site.child,
    )
    if plan.max_size:
        _scale(name, settings, pool, placement, deployment)
    return deployment


def _container(
    name: str, settings: CeleryWorkersSettings, pool: str, placement: Placement
) -> Container:
    plan = settings.pools[pool]
    leave = plan_leave(plan)
    return Container(
        part=pool,
        image=placement.image,
        instance_type=plan.instance_types[0],
        variables=placement.variables,
        secrets=placement.delivery.app,
        args=worker_command(settings, pool, plan, own_keys(name)),
        lifecycle={"pre_stop": {"exec_": {"command": leave_command(leave)}}},
        startup=_answers(settings.app, pool),
        stop_seconds=leave.grace,
        annotations=UNDISTURBED if plan.max_task > HOLD else {},
        nodes=_nodes(plan),
    )


def _answers(app: str, pool: str) -> k8s.core.v1.ProbeArgsDict:
    """Wait for a new pod's worker to answer, and replace one that never does.

    It is asked until it answers and never again. A question takes a second of CPU and goes to
    Redis and back: asked all the time it would load both, and restart every worker whenever
    Redis pauses.
    """
    return {
        "exec_": {"command": answer_command(app, pool)},
        "period_seconds": ANSWER_EVERY,
        "timeout_seconds": ANSWER_PATIENCE,
        "failure_threshold": ANSWER_SECONDS // ANSWER_EVERY,
    }


def _nodes(plan: Pool) -> k8s.core.v1.NodeAffinityArgsDict:
    """Keep off spot nodes, or prefer them where the pool wants some."""
    if not plan.spot:
        terms = [_capacity("NotIn")]
        return {
            "required_during_scheduling_ignored_during_execution": {"node_selector_terms": terms}
        }
    return {
        "preferred_during_scheduling_ignored_during_execution": [
            {"weight": max(1, round(100 * plan.spot)), "preference": _capacity("In")}
        ]
    }


def _capacity(operator: str) -> k8s.core.v1.NodeSelectorTermArgsDict:
    return {"match_expressions": [{"key": CAPACITY, "operator": operator, "values": ["spot"]}]}


def _scale(
    name: str,
    settings: CeleryWorkersSettings,
    pool: str,
    placement: Placement,
    deployment: k8s.apps.v1.Deployment,
) -> None:
    """Have one thing decide how many pods there are: two would undo each other's work."""
    site, delivery = placement.site, placement.delivery
    if delivery.store is None:
        _follow_cpu(name, settings.pools[pool], site, pool, deployment)
        return
    k8s.apiextensions.CustomResource(
        name,
        api_version=KEDA_API,
        kind="ScaledObject",
        metadata=site.metadata(pool, name=name, annotations=WAIT),
        spec=scaled_object(
            name, settings.pools[pool], settings, delivery.store, after(deployment, name)
        ),
        opts=pulumi.ResourceOptions(parent=site.parent, depends_on=[*delivery.watched]),
    )


def _follow_cpu(
    name: str, plan: Pool, site: Site, pool: str, deployment: k8s.apps.v1.Deployment
) -> None:
    follow_cpu(
        name,
        site,
        pool,
        deployment,
        sizes=(plan.min_size, plan.max_size),
        percent=round(CPU_TARGET),
        scale_down={
            "stabilization_window_seconds": QUIET,
            "policies": [{"type": "Percent", "value": SHRINK_PERCENT, "period_seconds": PERIOD}],
        },
        # Lets KEDA take over: Pulumi makes what is new before it deletes what was there.
        annotations={"validations.keda.sh/hpa-ownership": "false"},
    )
