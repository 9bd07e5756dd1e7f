"""Cdn, deployed to nowhere."""

import json
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
import pytest
from pydantic import ValidationError

from once import once
from plinth.cdn import VARIABLES, Cdn, CdnSettings
from plinth.existing import (
    ExistingBucket,
    ExistingCertificate,
    ExistingNetwork,
    ExistingOrigin,
    ExistingPeer,
    ExistingZone,
)
from plinth.load_balancer import LoadBalancer, LoadBalancerSettings
from plinth.testing import Deployment, Requested, deploy

if TYPE_CHECKING:
    from plinth.wiring import Grant, Service

NETWORK = ExistingNetwork(
    vpc_id="vpc-1", cidr_block="10.0.0.0/16", public_subnet_ids=["subnet-a", "subnet-b"]
)
ZONE = ExistingZone(zone_id="Z1")
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/1"
MINE = ExistingCertificate(certificate_arn=ARN)
APP = ExistingOrigin(origin_domain="origin.example.com")
PLAIN = ExistingOrigin(origin_domain="app.elb.amazonaws.com", origin_https=False)
BUCKET = ExistingBucket(
    bucket_name="files",
    bucket_arn="arn:aws:s3:::files",
    bucket_regional_domain_name="files.s3.eu-west-1.amazonaws.com",
)
WEB = ExistingPeer(pulumi_resource_name="web", security_group_id="sg-web")
DOMAIN = {"domain": "www.example.com"}
DELIVERY = (
    aws.cloudwatch.LogDeliverySource,
    aws.cloudwatch.LogDeliveryDestination,
    aws.cloudwatch.LogDelivery,
)


def cdn(
    settings: dict[str, Any] | None = None, opts: pulumi.ResourceOptions | None = None, **given: Any
) -> Cdn:
    """Make a CDN; one with a domain gets a zone unless it is given a certificate."""
    chosen = CdnSettings.model_validate(settings or {})
    wired: dict[str, Any] = {"origin": APP, **given}
    if chosen.domain and "certificate" not in given:
        wired["zone"] = ZONE
    return Cdn("cdn", chosen, tags={"team": "core"}, opts=opts, **wired)


def cdn_named(name: str) -> Cdn:
    """Make a second CDN, beside the first."""
    return Cdn(name, origin=APP)


@once
def deployed_cdn(settings: dict[str, Any] | None = None, **given: Any) -> Deployment:
    """Deploy a CDN with some settings and wiring."""
    return deploy(lambda: cdn(settings, **given))


def asked(settings: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    """Return what the distribution was asked to be."""
    return deployed_cdn(settings, **given).one(aws.cloudfront.Distribution).inputs


def origins(distribution: dict[str, Any]) -> dict[str, Any]:
    """Return a distribution's origins, by id."""
    return {each["originId"]: each for each in distribution["origins"]}


def behaviors(distribution: dict[str, Any]) -> dict[str, Any]:
    """Return how it treats each path, the rest under ``*``."""
    ordered = {each["pathPattern"]: each for each in distribution["orderedCacheBehaviors"]}
    return {**ordered, "*": distribution["defaultCacheBehavior"]}


def options(**settings: Any) -> dict[str, pulumi.ResourceOptions]:
    """Return the options of every child, by type and name: ``Bucket cdn``."""
    found: dict[str, pulumi.ResourceOptions] = {}

    def look(args: pulumi.ResourceTransformationArgs) -> None:
        found[f"{type(args.resource).__name__} {args.name}"] = args.opts

    deploy(lambda: cdn(settings, pulumi.ResourceOptions(transformations=[look])))
    return found


def statements(policy: Requested | str) -> dict[str, Any]:
    """Return the statements of a policy, by id."""
    text = policy if isinstance(policy, str) else policy.inputs["policy"]
    return {each["Sid"]: each for each in json.loads(text)["Statement"]}


def test_defaults_are_modern() -> None:
    """Unconfigured, it speaks HTTP/3 and IPv6, at the lowest price."""
    distribution = asked()

    assert distribution["enabled"] is True
    assert distribution["httpVersion"] == "http2and3"
    assert distribution["isIpv6Enabled"] is True
    assert distribution["priceClass"] == "PriceClass_100"
    assert distribution["restrictions"] == {"geoRestriction": {"restrictionType": "none"}}
    assert "webAclId" not in distribution
    assert "loggingConfig" not in distribution


def test_children_are_tagged() -> None:
    """A bill can be split by tag."""
    deployed = deployed_cdn(DOMAIN)

    single = (aws.cloudfront.Distribution, aws.acm.Certificate, aws.iam.Policy, *DELIVERY)
    tagged = [*map(deployed.one, single), *deployed.all(aws.s3.Bucket)]
    assert all(each.inputs["tags"] == {"Name": "cdn", "team": "core"} for each in tagged)


def test_files_come_from_the_bucket_and_pages_from_the_origin() -> None:
    """Static files and uploads have paths of their own, and the app has the rest."""
    paths = behaviors(asked())

    assert {path: each["targetOriginId"] for path, each in paths.items()} == {
        "/static/*": "files",
        "/media/*": "files",
        "*": "app",
    }
    assert all(each["viewerProtocolPolicy"] == "redirect-to-https" for each in paths.values())
    assert all(each["compress"] is True for each in paths.values())


def test_files_are_cached_and_pages_are_not() -> None:
    """The app takes every method, and S3 is only read."""
    paths = behaviors(asked())

    for path in ("/static/*", "/media/*"):
        assert paths[path]["cachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
        assert paths[path]["allowedMethods"] == ["GET", "HEAD"]
    assert paths["*"]["cachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert {"POST", "PUT", "PATCH", "DELETE"} <= set(paths["*"]["allowedMethods"])


def test_no_visitors_header_goes_to_the_bucket() -> None:
    """A foreign Host breaks the signature, and S3 would answer 403."""
    paths = behaviors(asked(DOMAIN))

    assert "originRequestPolicyId" not in paths["/static/*"]
    assert "originRequestPolicyId" not in paths["/media/*"]


def test_every_answer_carries_security_headers() -> None:
    """Uploads too: nosniff is what keeps them from running as scripts."""
    for each in behaviors(asked()).values():
        assert each["responseHeadersPolicyId"] == "67f7725c-6f97-4210-82d7-5512b31e9d03"


@pytest.mark.parametrize(
    ("settings", "origin", "told"),
    [(DOMAIN, APP, True), (DOMAIN, PLAIN, True), ({}, PLAIN, True), ({}, APP, False)],
)
def test_app_is_told_the_host_where_its_certificate_allows(
    settings: dict[str, Any], origin: ExistingOrigin, *, told: bool
) -> None:
    """TLS to the app is checked against that host, and CloudFront's is on no certificate."""
    policy = behaviors(asked(settings, origin=origin))["*"]["originRequestPolicyId"]

    all_viewer = "216adef6-5c7f-47e4-b989-5492eafa07d3"
    except_host = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert policy == (all_viewer if told else except_host)


def test_bucket_is_read_through_a_signature() -> None:
    """By its regional name, since the global one redirects while a bucket is new."""
    deployed = deployed_cdn()

    files = origins(deployed.one(aws.cloudfront.Distribution).inputs)["files"]
    bucket = deployed.one(aws.s3.Bucket, "cdn")
    access = deployed.one(aws.cloudfront.OriginAccessControl)
    assert files["domainName"] == bucket.output("bucketRegionalDomainName")
    assert files["originAccessControlId"] == access.id
    assert "s3OriginConfig" not in files
    assert access.inputs["originAccessControlOriginType"] == "s3"
    assert access.inputs["signingBehavior"] == "always"
    assert access.inputs["signingProtocol"] == "sigv4"


@pytest.mark.parametrize(("origin", "protocol"), [(APP, "https-only"), (PLAIN, "http-only")])
def test_origin_is_asked_in_its_own_protocol(origin: ExistingOrigin, protocol: str) -> None:
    """With TLS 1.2 where it speaks any, and for as long as the setting says."""
    app = origins(asked({"origin_timeout": 90}, origin=origin))["app"]

    assert app["domainName"] == origin.origin_domain
    assert app["customOriginConfig"]["originProtocolPolicy"] == protocol
    assert app["customOriginConfig"]["originSslProtocols"] == ["TLSv1.2"]
    assert app["customOriginConfig"]["originReadTimeout"] == 90
    assert app["customOriginConfig"]["originKeepaliveTimeout"] == 5


def test_closed_balancer_gets_its_secret_header() -> None:
    """Balancer and CDN share it through the wiring, and nobody copies it."""

    def program() -> None:
        settings = LoadBalancerSettings(
            domain="origin.example.com",
            alternative_names=("www.example.com",),
            cloudfront_prefix_list_id="pl-3b927c52",
        )
        balancer = LoadBalancer("edge", settings, network=NETWORK, zone=ZONE)
        cdn(DOMAIN, origin=balancer)

    deployed = deploy(program)

    app = origins(deployed.one(aws.cloudfront.Distribution).inputs)["app"]
    made = json.loads(deployed.one(aws.secretsmanager.SecretVersion).inputs["secretString"])
    assert app["customHeaders"] == [{"name": "X-Origin-Verify", "value": made["password"]}]
    assert app["domainName"] == "origin.example.com"


def test_certificate_is_made_where_cloudfront_looks() -> None:
    """In us-east-1, whatever region the rest is in, and awaited there."""
    deployed = deployed_cdn({**DOMAIN, "alternative_names": ["example.com"]})

    made = deployed.one(aws.acm.Certificate).inputs
    assert made["region"] == "us-east-1"
    assert deployed.one(aws.acm.CertificateValidation).inputs["region"] == "us-east-1"
    assert made["domainName"] == "www.example.com"
    assert made["subjectAlternativeNames"] == ["example.com"]


def test_own_certificate_comes_with_tls_of_today() -> None:
    """For every name the distribution answers to."""
    distribution = asked({**DOMAIN, "alternative_names": ["*.example.org"]}, certificate=MINE)

    assert distribution["aliases"] == ["www.example.com", "*.example.org"]
    assert distribution["viewerCertificate"] == {
        "acmCertificateArn": ARN,
        "sslSupportMethod": "sni-only",
        "minimumProtocolVersion": "TLSv1.2_2021",
    }


def test_cloudfronts_certificate_comes_without_a_minimum() -> None:
    """AWS fixes it and reports its own, so that ours would differ for ever."""
    distribution = asked()

    assert distribution["viewerCertificate"] == {"cloudfrontDefaultCertificate": True}
    assert "aliases" not in distribution


def test_every_name_leads_to_the_distribution() -> None:
    """Over IPv4 and IPv6, by aliases that Route 53 does not watch."""
    deployed = deployed_cdn({**DOMAIN, "alternative_names": ["example.com"]})

    distribution = deployed.one(aws.cloudfront.Distribution)
    records = [each for each in deployed.all(aws.route53.Record) if "aliases" in each.inputs]
    assert {(each.name, each.inputs["name"], each.inputs["type"]) for each in records} == {
        ("cdn-www.example.com-a", "www.example.com", "A"),
        ("cdn-www.example.com-aaaa", "www.example.com", "AAAA"),
        ("cdn-example.com-a", "example.com", "A"),
        ("cdn-example.com-aaaa", "example.com", "AAAA"),
    }
    for each in records:
        assert each.inputs["zoneId"] == "Z1"
        assert each.inputs["aliases"] == [
            {
                "name": distribution.output("domainName"),
                "zoneId": distribution.output("hostedZoneId"),
                "evaluateTargetHealth": False,
            }
        ]


def test_existing_certificate_without_a_zone_writes_no_record() -> None:
    """Somebody else's DNS is somebody else's to write."""
    deployed = deployed_cdn(DOMAIN, certificate=MINE)

    assert not deployed.all(aws.route53.Record)
    assert not deployed.all(aws.acm.Certificate)


def test_a_zone_without_a_domain_is_left_alone() -> None:
    """A stack hands its zone to every part, and not every part has a domain."""
    deployed = deployed_cdn(zone=ZONE)

    assert not deployed.all(aws.route53.Record)


def test_files_are_private_encrypted_and_versioned() -> None:
    """Nobody reads the bucket but through the CDN, and a deleted upload comes back."""
    deployed = deployed_cdn({"version_days": 14})

    bucket = deployed.one(aws.s3.Bucket, "cdn").output("bucket")
    block = deployed.one(aws.s3.BucketPublicAccessBlock, "cdn").inputs
    assert block == {
        "bucket": bucket,
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    versioning = deployed.one(aws.s3.BucketVersioning).inputs
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    assert deployed.one(aws.s3.BucketServerSideEncryptionConfiguration, "cdn")
    rules = deployed.one(aws.s3.BucketLifecycleConfiguration, "cdn").inputs["rules"]
    by_id = {rule["id"]: rule for rule in rules}
    assert by_id["old-versions"]["noncurrentVersionExpiration"] == {"noncurrentDays": 14}
    assert "days" not in by_id["old-versions"]["expiration"]
    assert "old-objects" not in by_id


def test_this_distribution_alone_reads_the_bucket() -> None:
    """And it may list, so that what is missing is 404 and not 403."""
    deployed = deployed_cdn()

    policy = deployed.one(aws.s3.BucketPolicy, "cdn")
    arn = deployed.one(aws.s3.Bucket, "cdn").output("arn")
    read = statements(policy)["ReadByDistribution"]
    assert policy.inputs["bucket"] == deployed.one(aws.s3.Bucket, "cdn").output("bucket")
    assert read["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert read["Action"] == ["s3:GetObject", "s3:ListBucket"]
    assert read["Resource"] == [arn, f"{arn}/*"]
    distribution = deployed.one(aws.cloudfront.Distribution).output("arn")
    assert read["Condition"] == {"StringEquals": {"AWS:SourceArn": distribution}}


def test_plain_http_is_refused_by_every_bucket() -> None:
    """Whoever asks."""
    deployed = deployed_cdn()

    policies = deployed.all(aws.s3.BucketPolicy)
    assert {policy.name for policy in policies} == {"cdn", "cdn-logs"}
    for policy in policies:
        refused = statements(policy)["RefusePlainHttp"]
        assert (refused["Effect"], refused["Principal"]) == ("Deny", "*")
        assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_bucket_is_private() -> None:
    """None is made without the block, and each block covers its own."""
    deployed = deployed_cdn()

    buckets = {each.output("bucket") for each in deployed.all(aws.s3.Bucket)}
    blocks = deployed.all(aws.s3.BucketPublicAccessBlock)
    assert {each.inputs["bucket"] for each in blocks} == buckets
    owners = deployed.all(aws.s3.BucketOwnershipControls)
    assert {each.inputs["rule"]["objectOwnership"] for each in owners} == {"BucketOwnerEnforced"}


def test_existing_bucket_is_left_to_its_owner() -> None:
    """Files come from it, and its owner reads which policy it needs."""
    deployed = deploy(lambda: {"policy": cdn(bucket=BUCKET).bucket_policy})

    files = origins(deployed.one(aws.cloudfront.Distribution).inputs)["files"]
    assert files["domainName"] == BUCKET.bucket_regional_domain_name
    assert [each.name for each in deployed.all(aws.s3.Bucket)] == ["cdn-logs"]
    assert [each.name for each in deployed.all(aws.s3.BucketPolicy)] == ["cdn-logs"]
    read = statements(deployed.outputs["policy"])["ReadByDistribution"]
    assert read["Resource"] == ["arn:aws:s3:::files", "arn:aws:s3:::files/*"]


def test_protected_until_told_otherwise() -> None:
    """Uploads are users' data: a kept bucket stays, and stays as private as it was."""
    kept, loose = options(), options(protected=False)

    for each in ("Distribution cdn", "Bucket cdn", "BucketPublicAccessBlock cdn"):
        assert kept[each].protect
        assert not loose[each].protect
    for each in ("Bucket cdn", "BucketPublicAccessBlock cdn", "BucketVersioning cdn"):
        assert kept[each].retain_on_delete
        assert not loose[each].retain_on_delete
    assert deployed_cdn().one(aws.s3.Bucket, "cdn").inputs["forceDestroy"] is False
    emptied = deployed_cdn({"protected": False}).one(aws.s3.Bucket, "cdn")
    assert emptied.inputs["forceDestroy"] is True


def test_logs_are_delivered_from_where_cloudfront_is() -> None:
    """Source, destination and delivery live in us-east-1; the bucket need not."""
    deployed = deployed_cdn({"access_log_days": 30})

    source, destination, delivery = map(deployed.one, DELIVERY)
    assert {each.inputs["region"] for each in (source, destination, delivery)} == {"us-east-1"}
    assert source.inputs["logType"] == "ACCESS_LOGS"
    distribution = deployed.one(aws.cloudfront.Distribution).output("arn")
    assert source.inputs["resourceArn"] == distribution
    logs = deployed.one(aws.s3.Bucket, "cdn-logs")
    assert destination.inputs["deliveryDestinationConfiguration"] == {
        "destinationResourceArn": logs.output("arn")
    }
    assert delivery.inputs["deliverySourceName"] == source.output("name")
    assert delivery.inputs["deliveryDestinationArn"] == destination.output("arn")
    assert "region" not in logs.inputs
    rules = deployed.one(aws.s3.BucketLifecycleConfiguration, "cdn-logs").inputs["rules"]
    assert {"days": 30} in [rule.get("expiration") for rule in rules]


def test_log_delivery_may_write_from_this_source_alone() -> None:
    """Another account's delivery uses the same principal."""
    deployed = deployed_cdn()

    write = statements(deployed.one(aws.s3.BucketPolicy, "cdn-logs"))["WriteAccessLogs"]
    logs = deployed.one(aws.s3.Bucket, "cdn-logs").output("arn")
    assert write["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert write["Resource"] == f"{logs}/AWSLogs/*"
    assert write["Condition"] == {
        "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"},
        "ArnLike": {"aws:SourceArn": deployed.one(aws.cloudwatch.LogDeliverySource).output("arn")},
    }


def test_delivery_waits_for_the_policy_and_goes_before_it_is_replaced() -> None:
    """AWS would write a policy of its own, and knows one delivery between two ends."""
    found = options()

    waits = found["LogDelivery cdn-logs"].depends_on
    assert isinstance(waits, list)
    assert [type(each) for each in waits] == [aws.s3.BucketPolicy]
    for kind in DELIVERY:
        assert found[f"{kind.__name__} cdn-logs"].delete_before_replace


def test_no_logs_with_0_days() -> None:
    """Nor a bucket for them."""
    deployed = deployed_cdn({"access_log_days": 0})

    assert not deployed.all(aws.cloudwatch.LogDelivery)
    assert [each.name for each in deployed.all(aws.s3.Bucket)] == ["cdn"]


def test_app_finds_its_files() -> None:
    """Under the domain, with a final slash, as Django wants it."""
    deployed = deploy(lambda: {"env": dict(cdn(DOMAIN).environment)})

    bucket = deployed.one(aws.s3.Bucket, "cdn").output("bucket")
    assert deployed.outputs["env"] == {
        "STATIC_URL": "https://www.example.com/static/",
        "STATIC_BUCKET": bucket,
        "MEDIA_URL": "https://www.example.com/media/",
        "MEDIA_BUCKET": bucket,
    }


def test_contract_names_every_variable() -> None:
    """The table in the docs is made of it."""
    seen: list[str] = []
    deploy(lambda: seen.extend(cdn().environment))

    assert seen == [variable.name for variable in VARIABLES]
    assert not any(variable.secret for variable in VARIABLES)


def test_without_a_domain_it_answers_to_cloudfronts_name() -> None:
    """Over HTTPS all the same."""
    deployed = deploy(lambda: {"url": cdn().url, "name": cdn_named("other").domain_name})

    first = deployed.one(aws.cloudfront.Distribution, "cdn").output("domainName")
    second = deployed.one(aws.cloudfront.Distribution, "other").output("domainName")
    assert deployed.outputs == {"url": f"https://{first}", "name": second}


def test_a_tier_may_write_media_and_nothing_else() -> None:
    """It lists the bucket too, to learn whether a name is taken."""
    grants: list[Grant] = []

    def program() -> None:
        service: Service = cdn(bucket=BUCKET)
        service.allow_from(WEB)
        grants.extend(service.grants)
        assert service.secrets == {}

    deployed = deploy(lambda: (program(), {"paths": grants[0].resources})[1])

    write, look = grants
    assert {"s3:PutObject", "s3:GetObject", "s3:DeleteObject"} <= set(write.actions)
    assert not any("Acl" in action or "*" in action for action in write.actions)
    assert deployed.outputs["paths"] == ["arn:aws:s3:::files/media/*"]
    assert (look.actions, look.resources) == (("s3:ListBucket",), [BUCKET.bucket_arn])


def test_what_deploys_may_write_static_and_invalidate() -> None:
    """By a policy to attach, whose ARN is an output."""
    deployed = deploy(lambda: {"arn": cdn().static_writer_policy_arn})

    policy = deployed.one(aws.iam.Policy)
    allowed = statements(policy)
    arn = deployed.one(aws.s3.Bucket, "cdn").output("arn")
    assert policy.name == "cdn-static"
    assert allowed["WriteStatic"]["Resource"] == f"{arn}/static/*"
    assert allowed["ListStatic"]["Resource"] == arn
    assert allowed["ListStatic"]["Condition"] == {"StringLike": {"s3:prefix": "static/*"}}
    distribution = deployed.one(aws.cloudfront.Distribution).output("arn")
    assert allowed["Invalidate"]["Resource"] == distribution
    assert deployed.outputs["arn"] == policy.output("arn")


def test_firewall_is_attached_by_its_arn() -> None:
    """CloudFront takes a WAFv2 firewall so, and by no association."""
    arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/main/1"

    assert asked(web_acl_arn=arn)["webAclId"] == arn


@pytest.mark.parametrize("domain", ["www.example.com", "example.com"])
def test_origin_that_is_the_cdn_is_refused(domain: str) -> None:
    """It would fetch pages from itself, and two records would claim the name."""
    origin = ExistingOrigin(origin_domain=domain)
    settings = {**DOMAIN, "alternative_names": ["example.com"]}

    with pytest.raises(ValueError, match=f"give the origin another, such as 'origin.{domain}'"):
        deploy(lambda: cdn(settings, origin=origin))


def test_origin_without_the_cdns_name_on_its_certificate_is_refused() -> None:
    """CloudFront would answer 502 to everybody, once all is deployed."""
    settings = LoadBalancerSettings(domain="origin.example.com")

    def program() -> None:
        balancer = LoadBalancer("edge", settings, network=NETWORK, zone=ZONE)
        cdn(DOMAIN, origin=balancer)

    with pytest.raises(ValueError, match=r"\['www.example.com'\].*alternative_names"):
        deploy(program)


@pytest.mark.parametrize(
    "origin",
    [
        ExistingOrigin(origin_domain="o.example.com", origin_names=["*.example.com"]),
        ExistingOrigin(origin_domain="o.example.com"),
        ExistingOrigin(origin_domain="o.org", origin_https=False, origin_names=["o.org"]),
    ],
)
def test_origin_that_covers_is_unknown_or_speaks_no_tls_is_taken(origin: ExistingOrigin) -> None:
    """Only what is known to fail is refused."""
    assert asked(DOMAIN, origin=origin)["aliases"] == ["www.example.com"]


def test_certificate_of_another_region_is_refused() -> None:
    """CloudFront would not find it."""
    other = ExistingCertificate(certificate_arn=ARN.replace("us-east-1", "eu-west-1"))

    with pytest.raises(ValueError, match="from us-east-1 only: issue one there"):
        deploy(lambda: cdn(DOMAIN, certificate=other))


def test_certificate_that_is_not_known_yet_is_taken() -> None:
    """Its region cannot be read before it is made."""

    def program() -> None:
        made = aws.acm.Certificate("mine", domain_name="www.example.com", region="us-east-1")
        cdn(DOMAIN, certificate=ExistingCertificate(certificate_arn=made.arn))

    deployed = deploy(program)

    shown = deployed.one(aws.cloudfront.Distribution).inputs["viewerCertificate"]
    assert shown["acmCertificateArn"] == deployed.one(aws.acm.Certificate).output("arn")


def test_domain_without_a_certificate_is_refused() -> None:
    """CloudFront answers to no name that it cannot prove."""
    with pytest.raises(ValueError, match=r"cdn 'cdn' has domain='www.example.com' and no cert"):
        deploy(lambda: Cdn("cdn", CdnSettings(domain="www.example.com"), origin=APP))


def test_name_that_aws_would_cut_is_refused() -> None:
    """Before anything is registered."""
    with pytest.raises(ValueError, match="cdn 'Cdn' needs a name of lower-case letters"):
        deploy(lambda: cdn_named("Cdn"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"domain": "*.example.com"},
        {"alternative_names": ["www.example.com"]},
        {"price_class": "PriceClass_300"},
        {"origin_timeout": 0},
        {"origin_timeout": 121},
        {"version_days": 0},
        {"access_log_days": -1},
        {"bucket": "mine"},
    ],
)
def test_settings_refuse(wrong: dict[str, object]) -> None:
    """Out of range, malformed and misspelt settings fail before a preview."""
    with pytest.raises(ValidationError):
        CdnSettings.model_validate(wrong)
