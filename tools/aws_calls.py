"""Which calls of AWS make the resources of a stack, for ``tools/emulate.py``."""

CALLS = {
    "aws:autoscaling/group:Group": "autoscaling.CreateAutoScalingGroup",
    "aws:autoscaling/lifecycleHook:LifecycleHook": "autoscaling.PutLifecycleHook",
    "aws:autoscaling/policy:Policy": "autoscaling.PutScalingPolicy",
    "aws:cloudfront/distribution:Distribution": "cloudfront.CreateDistributionWithTags",
    "aws:cloudfront/originAccessControl:OriginAccessControl": (
        "cloudfront.CreateOriginAccessControl"
    ),
    "aws:cloudwatch/eventRule:EventRule": "events.PutRule",
    "aws:cloudwatch/eventTarget:EventTarget": "events.PutTargets",
    "aws:cloudwatch/logDelivery:LogDelivery": "logs.CreateDelivery",
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": "logs.PutDeliveryDestination",
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": "logs.PutDeliverySource",
    "aws:cloudwatch/logGroup:LogGroup": "logs.CreateLogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "cloudwatch.PutMetricAlarm",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "ec2.RevokeSecurityGroupIngress",
    "aws:ec2/eip:Eip": "ec2.AllocateAddress",
    "aws:ec2/flowLog:FlowLog": "ec2.CreateFlowLogs",
    "aws:ec2/instance:Instance": "ec2.RunInstances",
    "aws:ec2/internetGateway:InternetGateway": "ec2.CreateInternetGateway",
    "aws:ec2/launchTemplate:LaunchTemplate": "ec2.CreateLaunchTemplate",
    "aws:ec2/networkInterface:NetworkInterface": "ec2.CreateNetworkInterface",
    "aws:ec2/route:Route": "ec2.CreateRoute",
    "aws:ec2/routeTable:RouteTable": "ec2.CreateRouteTable",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "ec2.AssociateRouteTable",
    "aws:ec2/securityGroup:SecurityGroup": "ec2.CreateSecurityGroup",
    "aws:ec2/subnet:Subnet": "ec2.CreateSubnet",
    "aws:ec2/vpc:Vpc": "ec2.CreateVpc",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "ec2.CreateVpcEndpoint",
    "aws:elasticache/parameterGroup:ParameterGroup": "elasticache.CreateCacheParameterGroup",
    "aws:elasticache/replicationGroup:ReplicationGroup": "elasticache.CreateReplicationGroup",
    "aws:elasticache/subnetGroup:SubnetGroup": "elasticache.CreateCacheSubnetGroup",
    "aws:elasticache/user:User": "elasticache.CreateUser",
    "aws:elasticache/userGroup:UserGroup": "elasticache.CreateUserGroup",
    "aws:iam/instanceProfile:InstanceProfile": "iam.CreateInstanceProfile",
    "aws:iam/policy:Policy": "iam.CreatePolicy",
    "aws:iam/role:Role": "iam.CreateRole",
    "aws:iam/rolePolicy:RolePolicy": "iam.PutRolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "iam.AttachRolePolicy",
    "aws:lambda/function:Function": "lambda.CreateFunction",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (
        "lambda.PutFunctionEventInvokeConfig"
    ),
    "aws:lambda/permission:Permission": "lambda.AddPermission",
    "aws:lb/listener:Listener": "elbv2.CreateListener",
    "aws:lb/listenerRule:ListenerRule": "elbv2.CreateRule",
    "aws:lb/loadBalancer:LoadBalancer": "elbv2.CreateLoadBalancer",
    "aws:lb/targetGroup:TargetGroup": "elbv2.CreateTargetGroup",
    "aws:rds/instance:Instance": "rds.CreateDBInstance",
    "aws:rds/parameterGroup:ParameterGroup": "rds.CreateDBParameterGroup",
    "aws:rds/subnetGroup:SubnetGroup": "rds.CreateDBSubnetGroup",
    "aws:route53/record:Record": "route53.ChangeResourceRecordSets",
    "aws:route53/zone:Zone": "route53.CreateHostedZone",
    "aws:s3/bucket:Bucket": "s3.CreateBucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        "s3.PutBucketLifecycleConfiguration"
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "s3.PutBucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy": "s3.PutBucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "s3.PutPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "s3.PutBucketEncryption"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": "s3.PutBucketVersioning",
    "aws:secretsmanager/secret:Secret": "secretsmanager.CreateSecret",
    "aws:secretsmanager/secretVersion:SecretVersion": "secretsmanager.PutSecretValue",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "ec2.AuthorizeSecurityGroupEgress",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
        "ec2.AuthorizeSecurityGroupIngress"
    ),
}
"""What the provider calls to make each type, for the types of the stack that is emulated. The name
before the dot is the service's in boto3 and among the provider's endpoints alike."""

LATER = (
    "autoscaling.CompleteLifecycleAction",
    "autoscaling.DescribeAutoScalingInstances",
    "autoscaling.DescribeInstanceRefreshes",
    "autoscaling.DescribeScalingActivities",
    "autoscaling.RecordLifecycleActionHeartbeat",
    "autoscaling.StartInstanceRefresh",
    "secretsmanager.GetSecretValue",
)
"""What a change of the stack, its instances and ``plinth rollout`` call besides."""
