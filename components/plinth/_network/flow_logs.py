"""Flow logs: who talked to whom in the VPC, and what was refused."""

import pulumi
import pulumi_aws as aws

from . import Tags


def make_flow_logs(
    name: str,
    *,
    vpc: aws.ec2.Vpc,
    days: int,
    parent: pulumi.Resource,
    tags: Tags,
) -> None:
    """Log all of a VPC's traffic to a group of its own that forgets after some days."""
    child = pulumi.ResourceOptions(parent=parent)
    role_name = f"{name}-flow-logs"
    group = aws.cloudwatch.LogGroup(
        role_name, retention_in_days=days, tags=tags(role_name), opts=child
    )
    role = aws.iam.Role(
        role_name,
        description=f"Flow logs of {name}",
        assume_role_policy=_trust(vpc),
        tags=tags(role_name),
        opts=child,
    )
    permission = aws.iam.RolePolicy(
        role_name, role=role.id, policy=_permission(group.arn), opts=child
    )
    aws.ec2.FlowLog(
        role_name,
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags=tags(role_name),
        # AWS refuses a second log of the same VPC to the same group.
        opts=pulumi.ResourceOptions(
            parent=parent, delete_before_replace=True, depends_on=[permission]
        ),
    )


def _trust(vpc: aws.ec2.Vpc) -> pulumi.Output[str]:
    """Let flow logs of this account, and no other's, write by the role."""
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": vpc.owner_id}},
                }
            ],
        }
    )


def _permission(group_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Allow writing, not making groups: a destroyed group would come back without retention."""
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": [
                        "logs:CreateLogStream",
                        "logs:DescribeLogGroups",
                        "logs:DescribeLogStreams",
                        "logs:PutLogEvents",
                    ],
                    "Resource": pulumi.Output.format("{0}:*", group_arn),
                }
            ],
        }
    )
