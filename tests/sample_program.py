"""A program with something of everything, to be run in several ways that must agree."""

import pulumi
import pulumi_aws as aws


class Shelf(pulumi.ComponentResource):
    """A bucket that only its own policy opens."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("sample:index:Shelf", name, {"name": name}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(name, tags={"a_b": "kept"}, opts=child)
        self.access = aws.s3.BucketPublicAccessBlock(
            name, bucket=self.bucket.id, block_public_acls=True, opts=child
        )
        self.register_outputs({"arn": self.bucket.arn})


class Library(pulumi.ComponentResource):
    """Shelves in a component of their own."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("sample:index:Library", name, None, opts)
        self.shelf = Shelf(f"{name}-books", pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def add_owner(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Tag every log group, as the engine would call it."""
    if args.type_ != "aws:cloudwatch/logGroup:LogGroup":
        return None
    args.opts.ignore_changes = ["name"]
    return pulumi.ResourceTransformResult({**args.props, "tags": {"owner": "core"}}, args.opts)


def program() -> None:
    """Make one of everything."""
    config = pulumi.Config()
    pulumi.runtime.register_resource_transform(add_owner)
    library = Library("library", pulumi.ResourceOptions(protect=True, retain_on_delete=True))
    bucket = library.shelf.bucket
    zones = aws.get_availability_zones_output(state="available")
    network = aws.ec2.Vpc.get("old", "vpc-123")
    subnet = aws.ec2.Subnet(
        "one",
        vpc_id=network.id,
        availability_zone=zones.names[0],
        cidr_block="10.0.1.0/24",
        opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="first")], depends_on=[library]),
    )
    aws.iam.Policy(
        "read",
        policy=pulumi.Output.json_dumps({"Resource": [bucket.arn, subnet.arn]}),
    )
    far = aws.Provider("far", region="us-east-1", default_tags={"tags": {"team": "core"}})
    aws.acm.Certificate(
        "site", domain_name="example.com", opts=pulumi.ResourceOptions(provider=far)
    )
    aws.ssm.Parameter("token", type="SecureString", value=config.require_secret("token"))
    aws.cloudwatch.LogGroup(
        "app",
        retention_in_days=7,
        opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts("5m")),
    )
    aws.s3.BucketObjectv2(
        "page", bucket=bucket.id, source=pulumi.StringAsset("hello"), key="index.html"
    )
    shared = pulumi.StackReference("acme/shared/dev")
    pulumi.export("zone", shared.get_output("zoneId"))
    pulumi.export("bucket", bucket.id)
    pulumi.export("count", 3)
    pulumi.export("token", config.require_secret("token"))


if __name__ == "__main__":
    program()
