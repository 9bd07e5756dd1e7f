"""A load balancer's listeners: what they answer by themselves, and which requests a rule takes."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from plinth.wiring import Share

HTTP = 80
HTTPS = 443

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.2 and 1.3 with forward secrecy, and a key exchange that a quantum computer would not open.
AWS's own recommendation, spelled out because its API still falls back to TLS 1.0 of 2016
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html).
"""

ORIGIN_HEADER = "X-Origin-Verify"
"""Proves that a request came through our CloudFront, and not through somebody else's."""

MOST_VALUES = 5
"""Values that the conditions of one rule may name, all together
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html).
"""

LAST_PRIORITY = 50_000


def ports(*, https: bool, closed: bool) -> Mapping[str, int]:
    """Name the ports that listen.

    Closed to all but CloudFront there is only one, since CloudFront's prefix list counts as 55
    of the 60 rules of a security group
    (https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html).
    """
    if not https:
        return {"http": HTTP}
    return {"https": HTTPS} if closed else {"http": HTTP, "https": HTTPS}


def make_listeners(
    name: str,
    balancer: aws.lb.LoadBalancer,
    *,
    certificate_arn: pulumi.Input[str] | None,
    hsts_days: int,
    closed: bool,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> aws.lb.Listener:
    """Create the listeners, and return the one that rules belong to."""
    child = pulumi.ResourceOptions(parent=parent)
    open_ports = ports(https=certificate_arn is not None, closed=closed)
    listeners = {
        role: aws.lb.Listener(
            f"{name}-{role}",
            load_balancer_arn=balancer.arn,
            port=port,
            protocol=role.upper(),
            certificate_arn=certificate_arn if role == "https" else None,
            ssl_policy=TLS_POLICY if role == "https" else None,
            routing_http_response_strict_transport_security_header_value=(
                f"max-age={hsts_days * 86_400}" if role == "https" and hsts_days else None
            ),
            routing_http_response_x_content_type_options_header_value="nosniff",
            routing_http_response_server_enabled=False,
            default_actions=[
                _redirect() if role == "http" and "https" in open_ports else _refusal(closed=closed)
            ],
            tags=tags,
            opts=child,
        )
        for role, port in open_ports.items()
    }
    return listeners["https" if "https" in listeners else "http"]


def make_rule(
    name: str,
    listener: aws.lb.Listener,
    action: aws.lb.ListenerRuleActionArgsDict,
    *,
    priority: int,
    conditions: Sequence[aws.lb.ListenerRuleConditionArgsDict],
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> aws.lb.ListenerRule:
    """Create the rule that does something with what meets the conditions."""
    return aws.lb.ListenerRule(
        name,
        listener_arn=listener.arn,
        priority=priority,
        conditions=conditions,
        actions=[action],
        tags=tags,
        # The new rule could not have the priority while the old one holds it.
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )


def forwarding(
    target_group_arn: pulumi.Input[str], share: Share | None
) -> aws.lb.ListenerRuleActionArgsDict:
    """Write that requests go to a target group, or partly to a second one."""
    if share is None:
        return {"type": "forward", "target_group_arn": target_group_arn}
    forward: aws.lb.ListenerRuleActionForwardArgsDict = {
        "target_groups": [
            {"arn": target_group_arn, "weight": 100 - share.percent},
            {"arn": share.target_group_arn, "weight": share.percent},
        ]
    }
    if share.sticky_seconds:
        forward["stickiness"] = {"enabled": True, "duration": share.sticky_seconds}
    return {"type": "forward", "forward": forward}


def check_rule(
    rule: str, priority: int, taken: Mapping[int, str], *, values: int, closed: bool
) -> None:
    """Refuse a rule that AWS would, and a priority that another rule has.

    Args:
        rule: For the message: ``load balancer 'edge' to 'web'``.
        priority: The one it wants.
        taken: The rules there are, by priority.
        values: How many hosts and paths it names.
        closed: Whether the secret header takes one of the values.

    Raises:
        ValueError: It cannot be created.
    """
    if not 1 <= priority <= LAST_PRIORITY:
        msg = f"{rule} has priority={priority}: choose one from 1 to {LAST_PRIORITY}"
        raise ValueError(msg)
    if priority in taken:
        msg = f"{rule} has priority={priority}, which {taken[priority]!r} has: choose another"
        raise ValueError(msg)
    most = MOST_VALUES - closed
    if not 1 <= values <= most:
        fix = "name a host or a path" if not values else "split it into rules of their own priority"
        msg = f"{rule} names {values} hosts and paths, and a rule takes 1 to {most}: {fix}"
        raise ValueError(msg)


def conditions(
    hosts: Sequence[str], paths: Sequence[str], password: pulumi.Input[str] | None
) -> list[aws.lb.ListenerRuleConditionArgsDict]:
    """Write what a request must look like for a rule to take it."""
    required: list[aws.lb.ListenerRuleConditionArgsDict] = []
    if hosts:
        required.append({"host_header": {"values": list(hosts)}})
    if paths:
        required.append({"path_pattern": {"values": list(paths)}})
    if password is not None:
        required.append({"http_header": {"http_header_name": ORIGIN_HEADER, "values": [password]}})
    return required


def _redirect() -> aws.lb.ListenerDefaultActionArgsDict:
    return {
        "type": "redirect",
        "redirect": {"port": str(HTTPS), "protocol": "HTTPS", "status_code": "HTTP_301"},
    }


def _refusal(*, closed: bool) -> aws.lb.ListenerDefaultActionArgsDict:
    """Answer what no rule takes; behind a secret header, that is what came without it."""
    code, text = ("403", "Forbidden") if closed else ("404", "Not found")
    return {
        "type": "fixed-response",
        "fixed_response": {
            "content_type": "text/plain",
            "message_body": text,
            "status_code": code,
        },
    }
