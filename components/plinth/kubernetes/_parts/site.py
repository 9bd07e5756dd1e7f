"""Where a tier's objects go, and what all of them share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from plinth.kubernetes.settings import PodSettings
from plinth.wiring import ClusterLike, NetworkLike, Service

from .identity import make_pod_role, region_of
from .labels import labels
from .namespace import after, make_namespace
from .policies import close, let_out

NO_LABELS: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Site:
    """A namespace of a cluster, as one tier finds it."""

    name: str
    """The tier's; it names and labels the tier's objects."""
    pods: PodSettings
    cluster: ClusterLike
    network: NetworkLike
    namespace: pulumi.Output[str]
    account: pulumi.Output[str]
    """Service account that every pod of the tier runs as."""
    role: aws.iam.Role | None
    """What it may do in AWS; None without pod identity."""
    parent: pulumi.Resource
    tags: Mapping[str, str]
    """For what is in AWS."""
    ready: Sequence[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    """What no pod may start before: pods get their identity only as they are made."""

    @property
    def region(self) -> pulumi.Output[str]:
        """The cluster's region."""
        return pulumi.Output.from_input(self.cluster.cluster_arn).apply(region_of)

    @property
    def role_arn(self) -> pulumi.Output[str | None]:
        """The role's ARN; None without one."""
        return self.role.arn if self.role else pulumi.Output.from_input(None)

    @property
    def role_name(self) -> pulumi.Output[str | None]:
        """The same by name."""
        return self.role.name if self.role else pulumi.Output.from_input(None)

    @property
    def child(self) -> pulumi.ResourceOptions:
        """Options of a child that waits for nothing."""
        return pulumi.ResourceOptions(parent=self.parent)

    def metadata(
        self,
        part: str | None = None,
        *,
        name: pulumi.Input[str] | None = None,
        annotations: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> k8s.meta.v1.ObjectMetaArgsDict:
        """Describe an object of the tier.

        Args:
            part: Which part of the tier it belongs to; None for all of it.
            name: Its name; without one it gets the tier's.
            annotations: What controllers and Pulumi are told about it.
        """
        described: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": self.name if name is None else name,
            "namespace": self.namespace,
            "labels": labels(self.name, part),
        }
        if annotations:
            described["annotations"] = annotations
        return described


def make_site(
    name: str,
    pods: PodSettings,
    *,
    cluster: ClusterLike,
    network: NetworkLike,
    uses: Sequence[Service],
    parent: pulumi.Resource,
    tags: Mapping[str, str],
    namespace_labels: Mapping[str, str] = NO_LABELS,
) -> Site:
    """Make a tier's namespace and service account, and let its pods do and reach what they need.

    Args:
        name: The tier's.
        pods: How its pods are run.
        cluster: Where they run.
        network: Where what they use is.
        uses: What they use: its grants and its ports.
        parent: The component.
        tags: Added to what is in AWS.
        namespace_labels: What its namespace, if it is the tier's own, is labelled with besides.
    """
    child = pulumi.ResourceOptions(parent=parent)
    ready: list[pulumi.Resource] = []
    # Before all else: a release connects as soon as it can, and is not tried again.
    for service in uses:
        service.allow_from(cluster)
    if pods.namespace is None:
        namespace = make_namespace(name, namespace_labels, parent=parent)
        ready.append(close(name, namespace, parent=parent))
    else:
        namespace = pulumi.Output.from_input(pods.namespace)
    ready.append(
        let_out(name, namespace, network=network, uses=uses, ports=pods.egress_ports, parent=parent)
    )
    account = k8s.core.v1.ServiceAccount(
        name,
        metadata={"name": name, "namespace": namespace, "labels": labels(name)},
        # Pods do not talk to Kubernetes; their identity in AWS comes with a token of its own.
        automount_service_account_token=False,
        opts=child,
    )
    called = after(account, name)
    role = None
    if pods.pod_identity:
        role, granted = make_pod_role(
            name,
            [grant for service in uses for grant in service.grants],
            cluster=cluster,
            namespace=namespace,
            account=called,
            parent=parent,
            tags=tags,
        )
        ready += granted
    return Site(
        name=name,
        pods=pods,
        cluster=cluster,
        network=network,
        namespace=namespace,
        account=called,
        role=role,
        parent=parent,
        tags=tags,
        ready=ready,
    )
