"""How each type of resource is charged."""

from collections.abc import Callable

from plinth.cost.bill import Bill

from . import pods, servers, services, stores, traffic

RULES: dict[str, Callable[[Bill], None]] = {
    "aws:autoscaling/group:Group": servers.group,
    "aws:autoscaling/policy:Policy": services.scaling_policy,
    "aws:cloudfront/distribution:Distribution": traffic.distribution,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": services.composite_alarm,
    "aws:cloudwatch/dashboard:Dashboard": services.dashboard,
    "aws:cloudwatch/logGroup:LogGroup": services.log_group,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": services.metric_filter,
    "aws:cloudwatch/metricAlarm:MetricAlarm": services.alarm,
    "aws:ebs/volume:Volume": servers.volume,
    "aws:ec2/eip:Eip": traffic.address,
    "aws:ec2/flowLog:FlowLog": services.flow_log,
    "aws:ec2/instance:Instance": servers.instance,
    "aws:ec2/natGateway:NatGateway": traffic.nat_gateway,
    "aws:ec2/vpc:Vpc": traffic.vpc,
    "aws:ec2/vpcEndpoint:VpcEndpoint": traffic.endpoint,
    "aws:ecr/repository:Repository": services.repository,
    "aws:eks/cluster:Cluster": pods.cluster,
    "aws:elasticache/replicationGroup:ReplicationGroup": stores.redis,
    "aws:kms/key:Key": services.key,
    "aws:lambda/function:Function": services.function,
    "aws:lb/loadBalancer:LoadBalancer": traffic.balancer,
    "aws:rds/instance:Instance": stores.database,
    "aws:rds/proxy:Proxy": stores.proxy,
    "aws:route53/healthCheck:HealthCheck": traffic.health_check,
    "aws:route53/zone:Zone": traffic.zone,
    "aws:s3/bucket:Bucket": services.bucket,
    "aws:secretsmanager/secret:Secret": services.secret,
    "aws:sns/topic:Topic": services.topic,
    "aws:sqs/queue:Queue": services.queue,
    "aws:ssm/parameter:Parameter": services.parameter,
    "kubernetes:apps/v1:Deployment": pods.deployment,
    "kubernetes:apps/v1:StatefulSet": pods.deployment,
}
