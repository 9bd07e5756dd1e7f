"""How Pulumi reaches a cluster."""

import json

import pulumi
import pulumi_kubernetes as k8s

from plinth.wiring import ClusterLike

from ._parts.identity import region_of

AUTHENTICATION = "client.authentication.k8s.io/v1beta1"


def cluster_provider(
    name: str, cluster: ClusterLike, *, opts: pulumi.ResourceOptions | None = None
) -> k8s.Provider:
    """Make a provider that deploys to a cluster, as whoever runs Pulumi is to AWS.

    Hand it to each tier by its options::

        opts = pulumi.ResourceOptions(providers=[cluster_provider("cluster", cluster)])

    It asks the ``aws`` command for a token, which must be there wherever Pulumi runs. With a
    kubeconfig of your own, make a ``pulumi_kubernetes.Provider`` instead.

    Args:
        name: Names the provider.
        cluster: Where it deploys to.
        opts: The provider's own.
    """
    late = pulumi.Output.all(
        name=cluster.cluster_name,
        arn=cluster.cluster_arn,
        endpoint=cluster.endpoint,
        authority=cluster.certificate_authority,
    )
    return k8s.Provider(
        name,
        kubeconfig=late.apply(lambda known: kubeconfig(**known)),
        # What makes it the same cluster: a new certificate must not replace all that is in it.
        cluster_identifier=cluster.cluster_arn,
        opts=opts,
    )


def kubeconfig(name: str, arn: str, endpoint: str, authority: str) -> str:
    """Write what kubectl and Pulumi read to reach a cluster."""
    token = ["eks", "get-token", "--cluster-name", name, "--region", region_of(arn)]
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": name,
                    "cluster": {"server": endpoint, "certificate-authority-data": authority},
                }
            ],
            "users": [
                {
                    "name": name,
                    "user": {
                        "exec": {
                            "apiVersion": AUTHENTICATION,
                            "command": "aws",
                            "args": [*token, "--output", "json"],
                            "interactiveMode": "Never",
                        }
                    },
                }
            ],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )
