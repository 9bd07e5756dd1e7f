"""A load balancer made elsewhere, for the tiers that need one."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from plinth._edge.listeners import forwarding
from plinth.wiring import Share


class Balancer:
    """A balancer that makes a rule for what it is asked to forward."""

    pulumi_resource_name = "edge"
    security_group_id = "sg-edge"
    arn_suffix = "app/edge/1a2b3c"

    def __init__(self, idle_timeout: int = 60) -> None:
        self.idle_timeout = idle_timeout

    def forward(
        self,
        name: str,
        target_group_arn: pulumi.Input[str],
        *,
        priority: int,
        hosts: Sequence[str] = (),
        paths: Sequence[str] = ("/*",),
        share: Share | None = None,
    ) -> pulumi.Resource:
        """Make the rule that a balancer would."""
        return aws.lb.ListenerRule(
            f"edge-to-{name}",
            listener_arn="arn:listener",
            priority=priority,
            conditions=[
                {"host_header": {"values": hosts}},
                {"path_pattern": {"values": paths}},
            ],
            actions=[forwarding(target_group_arn, share)],
        )
