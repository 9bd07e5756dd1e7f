"""Types that AWS charges nothing for, and why."""

_SETTING = "a setting of something that is charged itself"
_NETWORK = "networks, routes and rules are free"
_IAM = "IAM is free"
_SCALING = "Auto Scaling is free; its instances are charged"
_CLUSTER = "comes with the cluster"
_ROUTING = "charged with the load balancer"

PACKAGES = {
    "aws:iam": _IAM,
    "aws:autoscaling": _SCALING,
    "docker": "runs where Docker does, on a machine that is there already",
    "kubernetes": "kept by the cluster, which is charged as are the nodes that pods ask for",
    "docker-build": "runs where Pulumi runs; the repository is charged",
    "random": "made by Pulumi",
    "tls": "made by Pulumi",
    "time": "made by Pulumi",
    "pulumi": "part of Pulumi",
    "pulumi-python": "part of Pulumi",
    "command": "runs where Pulumi runs",
    "local": "runs where Pulumi runs",
}
"""By the first part of a type: none of these is ever charged."""

TYPES = {
    "aws:acm/certificate:Certificate": "public certificates are free",
    "aws:acm/certificateValidation:CertificateValidation": "waits, and makes nothing",
    "aws:cloudfront/cachePolicy:CachePolicy": _SETTING,
    "aws:cloudfront/originAccessControl:OriginAccessControl": _SETTING,
    "aws:cloudfront/originRequestPolicy:OriginRequestPolicy": _SETTING,
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": _SETTING,
    "aws:cloudfront/vpcOrigin:VpcOrigin": "VPC origins are free",
    "aws:cloudwatch/eventRule:EventRule": "scheduled rules, and events of AWS, are free",
    "aws:cloudwatch/eventTarget:EventTarget": _SETTING,
    "aws:cloudwatch/logDelivery:LogDelivery": (
        "CloudFront delivers to S3 for free, but for Parquet; the bucket is charged"
    ),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": _SETTING,
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": _SETTING,
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": _SETTING,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _NETWORK,
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": _NETWORK,
    "aws:ec2/eipAssociation:EipAssociation": _SETTING,
    "aws:ec2/internetGateway:InternetGateway": _NETWORK,
    "aws:ec2/keyPair:KeyPair": "keys are free",
    "aws:ec2/launchTemplate:LaunchTemplate": "what it launches is charged",
    "aws:ec2/networkInterface:NetworkInterface": _NETWORK,
    "aws:ec2/route:Route": _NETWORK,
    "aws:ec2/routeTable:RouteTable": _NETWORK,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _NETWORK,
    "aws:ec2/securityGroup:SecurityGroup": _NETWORK,
    "aws:ec2/securityGroupRule:SecurityGroupRule": _NETWORK,
    "aws:ec2/subnet:Subnet": _NETWORK,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _SETTING,
    "aws:ecr/repositoryPolicy:RepositoryPolicy": _SETTING,
    "aws:eks/accessEntry:AccessEntry": _CLUSTER,
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _CLUSTER,
    "aws:eks/addon:Addon": "its pods run on the cluster's nodes",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _CLUSTER,
    "aws:elasticache/parameterGroup:ParameterGroup": _SETTING,
    "aws:elasticache/subnetGroup:SubnetGroup": _SETTING,
    "aws:elasticache/user:User": _SETTING,
    "aws:elasticache/userGroup:UserGroup": _SETTING,
    "aws:elasticache/userGroupAssociation:UserGroupAssociation": _SETTING,
    "aws:kms/alias:Alias": _SETTING,
    "aws:kms/keyPolicy:KeyPolicy": _SETTING,
    "aws:lambda/eventSourceMapping:EventSourceMapping": _SETTING,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _SETTING,
    "aws:lambda/layerVersion:LayerVersion": "layers are free",
    "aws:lambda/permission:Permission": _SETTING,
    "aws:lb/listener:Listener": _ROUTING,
    "aws:lb/listenerCertificate:ListenerCertificate": _ROUTING,
    "aws:lb/listenerRule:ListenerRule": _ROUTING,
    "aws:lb/targetGroup:TargetGroup": _ROUTING,
    "aws:rds/parameterGroup:ParameterGroup": _SETTING,
    "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup": "charged with the proxy",
    "aws:rds/proxyTarget:ProxyTarget": "charged with the proxy",
    "aws:rds/subnetGroup:SubnetGroup": _SETTING,
    "aws:route53/record:Record": "10,000 records come with a hosted zone",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _SETTING,
    "aws:s3/bucketNotification:BucketNotification": _SETTING,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _SETTING,
    "aws:s3/bucketPolicy:BucketPolicy": _SETTING,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _SETTING,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _SETTING
    ),
    "aws:s3/bucketVersioning:BucketVersioning": "a setting; old versions count as objects",
    "aws:scheduler/schedule:Schedule": "14 million calls a month are free",
    "aws:scheduler/scheduleGroup:ScheduleGroup": _SETTING,
    "aws:secretsmanager/secretPolicy:SecretPolicy": _SETTING,
    "aws:secretsmanager/secretRotation:SecretRotation": "the function that rotates is charged",
    "aws:secretsmanager/secretVersion:SecretVersion": "charged with the secret",
    "aws:sns/topicPolicy:TopicPolicy": _SETTING,
    "aws:sns/topicSubscription:TopicSubscription": "1,000 mails a month are free",
    "aws:sqs/queuePolicy:QueuePolicy": _SETTING,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _NETWORK,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _NETWORK,
}


def why_free(token: str) -> str:
    """Return why a type costs nothing; empty where it may cost something."""
    parts = (token.partition(":")[0], token.partition("/")[0])
    return TYPES.get(token) or next((PACKAGES[part] for part in parts if part in PACKAGES), "")
