"""What resources are for, told by their types."""

from collections.abc import Iterable, Mapping

from plinth.preview.readable import short_type

from .model import Role

_RULES: tuple[tuple[Role, Mapping[str, str]], ...] = (
    (Role.NETWORK, {"ec2": "Vpc"}),
    (
        Role.EDGE,
        {
            "apigateway": "RestApi",
            "apigatewayv2": "Api",
            "cloudfront": "Distribution",
            "globalaccelerator": "Accelerator",
        },
    ),
    (
        Role.STORE,
        {
            "docdb": "Cluster",
            "elasticache": "Cluster ReplicationGroup ServerlessCache",
            "memorydb": "Cluster",
            "mq": "Broker",
            "msk": "Cluster",
            "neptune": "Cluster",
            "opensearch": "Domain",
            "rds": "Cluster Instance",
            "redshift": "Cluster",
        },
    ),
    (
        Role.COMPUTE,
        {
            "apprunner": "Service",
            "autoscaling": "Group",
            "batch": "ComputeEnvironment",
            "ec2": "Instance",
            "ecs": "Service",
            "eks": "Cluster",
            "elasticbeanstalk": "Environment",
            "lambda": "Function",
            "sfn": "StateMachine",
        },
    ),
    (Role.EDGE, {"alb": "LoadBalancer", "elb": "LoadBalancer", "lb": "LoadBalancer"}),
    (
        Role.STORE,
        {
            "dynamodb": "Table",
            "ecr": "Repository",
            "efs": "FileSystem",
            "kinesis": "Stream",
            "s3": "Bucket BucketV2",
            "sqs": "Queue",
        },
    ),
    (Role.SECRETS, {"kms": "Key", "secretsmanager": "Secret", "ssm": "Parameter"}),
    (
        Role.WATCH,
        {"budgets": "Budget", "cloudwatch": "Dashboard MetricAlarm", "sns": "Topic"},
    ),
)
"""By module and type of AWS. First match wins, so that a database with a function in it is still a
database, and a balancer in front of servers of its own counts as the servers."""

_WORDS = {
    "Deployment": Role.COMPUTE,
    "DaemonSet": Role.COMPUTE,
    "CronJob": Role.COMPUTE,
    "Job": Role.COMPUTE,
    "Pod": Role.COMPUTE,
    "Container": Role.COMPUTE,
    "Function": Role.COMPUTE,
    "VirtualMachine": Role.COMPUTE,
    "Ingress": Role.EDGE,
    "Gateway": Role.EDGE,
    "HTTPRoute": Role.EDGE,
    "StatefulSet": Role.STORE,
    "PersistentVolumeClaim": Role.STORE,
    "Bucket": Role.STORE,
    "DatabaseInstance": Role.STORE,
    "StorageAccount": Role.STORE,
    "Volume": Role.STORE,
    "Secret": Role.SECRETS,
}
"""For other providers than AWS, by the last word of the type."""


def role_of(types: Iterable[str]) -> Role:
    """Return what a thing is for that is made of resources of these types."""
    tokens = set(types)
    known = [short_type(token).split(".") for token in tokens if token.startswith("aws:")]
    for role, kinds in _RULES:
        if any(kind in kinds.get(module, "").split() for module, *rest in known for kind in rest):
            return role
    foreign = {
        _WORDS[word]
        for token in tokens
        if not token.startswith("aws:") and (word := token.rpartition(":")[2]) in _WORDS
    }
    return min(foreign, key=list(Role).index, default=Role.OTHER)
