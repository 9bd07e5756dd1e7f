"""A cluster in the network of a platform, whose stacks find it by what is exported here."""

import pulumi

from plinth import EksCluster, EksClusterSettings, ExistingNetwork
from plinth.configuration import read

config = pulumi.Config()
network = ExistingNetwork(**config.require_object("network"))

cluster = EksCluster("main", read(EksClusterSettings, "settings"), network=network)

pulumi.export("cluster_name", cluster.cluster_name)
pulumi.export("cluster_arn", cluster.cluster_arn)
pulumi.export("endpoint", cluster.endpoint)
pulumi.export("certificate_authority", cluster.certificate_authority)
pulumi.export("security_group_id", cluster.security_group_id)
pulumi.export("node_role_name", cluster.node_role_name)
