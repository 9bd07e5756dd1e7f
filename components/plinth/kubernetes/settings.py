"""How a tier's pods are run, beside what the tier is told wherever it runs."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from plinth.settings import Settings

LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
"""What Kubernetes takes for the name of a namespace."""


class SecretDelivery(StrEnum):
    """How secrets get from Secrets Manager to the pods."""

    EXTERNAL_SECRETS = "external_secrets"
    """The External Secrets Operator reads them, in the cluster. No value passes through Pulumi."""

    SECRET = "secret"  # noqa: S105 - a way, not a secret
    """Pulumi writes them, where that operator is absent. The values are in the state, encrypted,
    and secrets that only AWS knows cannot be delivered: those of a ``managed`` password."""


class BalancerController(StrEnum):
    """What registers pods with a load balancer."""

    AUTO_MODE = "auto_mode"
    """What EKS Auto Mode has built in."""

    CONTROLLER = "controller"
    """The AWS Load Balancer Controller, installed in the cluster."""


class PodSettings(Settings, frozen=True):
    """How a tier's pods are run, identified and given their secrets."""

    namespace: str | None = Field(default=None, pattern=f"^{LABEL}$")
    """A namespace that exists already. Without it the tier makes its own, named after project,
    stack and tier, where the restricted Pod Security Standard is enforced and nothing may connect
    that is not allowed to."""

    cpu: float | None = Field(default=None, gt=0, le=96)
    """vCPUs that a pod is promised. Unless told otherwise, nine tenths of those of the instance
    type it stands for, so that a node of that type has room for it; of a burstable type, what that
    may use all the time. There is no limit: what a node has to spare may be used."""

    memory_mib: int | None = Field(default=None, ge=64)
    """MiB of memory that a pod is promised, and may not exceed. Unless told otherwise, seven tenths
    of those of the instance type it stands for: the rest is what a node needs for itself."""

    user: int = Field(default=10001, ge=1)
    """Numeric id of user and group to run as, whatever the image says. It must be able to read
    the app; root is refused."""

    secret_delivery: SecretDelivery = SecretDelivery.EXTERNAL_SECRETS
    """How secrets get to the pods."""

    secret_store: str | None = None
    """A ``ClusterSecretStore`` to read them from, with permissions of its own. Without it the
    tier makes a store that can read the tier's secrets alone."""

    secrets_operator: str = Field(
        default="external-secrets/external-secrets", pattern=f"^{LABEL}/{LABEL}$"
    )
    """Namespace and service account of the External Secrets Operator, whose pod identity may
    take on the role of the tier's store."""

    pod_identity: bool = True
    """Whether pods get an IAM role with the grants of what the tier uses. The cluster needs the
    EKS Pod Identity Agent, which Auto Mode has."""

    egress_ports: tuple[int, ...] = (443,)
    """TCP ports that pods may reach on any address, beside DNS and the ports of what the tier
    uses. AWS and most of other people's APIs answer on 443."""

    node_selector: Mapping[str, str] = Field(default_factory=dict[str, str])
    """Labels of the nodes to run on, such as ``kubernetes.io/arch: arm64``. Unless it says so,
    the processor follows from the instance type that a pod stands for."""

    priority_class: str | None = None
    """Which pods give way when nodes are full: the name of a ``PriorityClass`` that exists."""

    @model_validator(mode="after")
    def _delivery_agrees(self) -> Self:
        if self.secret_store and self.secret_delivery is SecretDelivery.SECRET:
            msg = (
                f"secret_store={self.secret_store!r} is read by the External Secrets Operator, and "
                "secret_delivery=secret does without it: drop one of them"
            )
            raise ValueError(msg)
        return self


class WebPodSettings(PodSettings, frozen=True):
    """How the pods of a web tier are run and reached."""

    readiness_path: str = Field(default="/readyz", pattern=r"^/\S*$", max_length=1024)
    """Path that answers 200 while the app and what it needs can serve: a pod that does not gets
    no requests. Whether it runs at all is told by ``health_check_path``."""

    drain_seconds: int = Field(default=20, ge=1, le=600)
    """Seconds that a pod serves on after it is told to go, until the balancer has stopped sending
    it requests. Then it has ``request_seconds`` to finish what it began."""

    controller: BalancerController = BalancerController.AUTO_MODE
    """What registers the pods with the balancer."""

    ingress_class: str = "alb"
    """The ``IngressClass`` to use where no ``balancer`` is given."""

    scale_down_seconds: int = Field(default=300, ge=0, le=3600)
    """Seconds of quiet before pods are taken away again."""
