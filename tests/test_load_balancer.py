"""LoadBalancer, deployed to nowhere."""

import json
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
import pytest
from pydantic import ValidationError

from once import once
from plinth.existing import ExistingCertificate, ExistingNetwork, ExistingZone
from plinth.load_balancer import LoadBalancer, LoadBalancerSettings
from plinth.testing import Deployment, Requested, deploy

if TYPE_CHECKING:
    from plinth.wiring import BalancerLike, OriginLike

NETWORK = ExistingNetwork(
    vpc_id="vpc-1", cidr_block="10.0.0.0/16", public_subnet_ids=["subnet-a", "subnet-b"]
)
ZONE = ExistingZone(zone_id="Z1")
MINE = ExistingCertificate(certificate_arn="arn:aws:acm:eu-west-1:123456789012:certificate/1")
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
DOMAIN = {"domain": "www.example.com"}
CLOSED = {"domain": "origin.example.com", "cloudfront_prefix_list_id": "pl-3b927c52"}


def edge(
    settings: dict[str, Any] | None = None, opts: pulumi.ResourceOptions | None = None, **given: Any
) -> LoadBalancer:
    """Make a balancer; one with a domain gets a zone unless it is given something else."""
    chosen = LoadBalancerSettings.model_validate(settings or {})
    wired = given or ({"zone": ZONE} if chosen.domain else {})
    return LoadBalancer("edge", chosen, network=NETWORK, tags={"team": "core"}, opts=opts, **wired)


def edge_named(name: str) -> LoadBalancer:
    """Make a second balancer, beside the first."""
    return LoadBalancer(name, network=NETWORK)


@once
def deployed_edge(**settings: Any) -> Deployment:
    """Deploy a balancer with some settings."""
    return deploy(lambda: edge(settings))


def listeners(deployed: Deployment) -> dict[str, dict[str, Any]]:
    """Return what each listener was asked to be, by its name."""
    return {each.name: each.inputs for each in deployed.all(aws.lb.Listener)}


def options(**settings: Any) -> dict[str, pulumi.ResourceOptions]:
    """Return the options of every child, by type and name: ``Bucket edge-logs``."""
    found: dict[str, pulumi.ResourceOptions] = {}

    def look(args: pulumi.ResourceTransformationArgs) -> None:
        found[f"{type(args.resource).__name__} {args.name}"] = args.opts

    opts = pulumi.ResourceOptions(transformations=[look])
    deploy(lambda: edge(settings, opts).forward("web", GROUP, priority=100))
    return found


def statements(policy: Requested) -> dict[str, Any]:
    """Return the statements of a bucket policy, by id."""
    return {each["Sid"]: each for each in json.loads(policy.inputs["policy"])["Statement"]}


def test_defaults_are_safe() -> None:
    """Unconfigured, it drops malformed headers, cannot be deleted, and logs every request."""
    asked = deployed_edge().one(aws.lb.LoadBalancer).inputs

    assert asked["loadBalancerType"] == "application"
    assert asked["internal"] is False
    assert asked["dropInvalidHeaderFields"] is True
    assert asked["enableDeletionProtection"] is True
    assert asked["accessLogs"]["enabled"] is True
    assert asked["idleTimeout"] == 60
    assert "name" not in asked


def test_parts_are_joined() -> None:
    """The balancer sits in the public subnets, behind its own guard."""
    deployed = deployed_edge()

    asked = deployed.one(aws.lb.LoadBalancer).inputs
    guard = deployed.one(aws.ec2.SecurityGroup)
    assert asked["subnets"] == ["subnet-a", "subnet-b"]
    assert asked["securityGroups"] == [guard.id]
    assert guard.inputs["vpcId"] == "vpc-1"
    assert all(
        each["loadBalancerArn"] == deployed.one(aws.lb.LoadBalancer).output("arn")
        for each in listeners(deployed).values()
    )


def test_children_are_tagged() -> None:
    """A bill can be split by tag."""
    deployed = deploy(lambda: edge(CLOSED).forward("web", GROUP, priority=100))

    tagged = (
        aws.lb.LoadBalancer,
        aws.lb.Listener,
        aws.lb.ListenerRule,
        aws.ec2.SecurityGroup,
        aws.vpc.SecurityGroupIngressRule,
        aws.vpc.SecurityGroupEgressRule,
        aws.s3.Bucket,
        aws.acm.Certificate,
        aws.secretsmanager.Secret,
    )
    for kind in tagged:
        assert deployed.one(kind).inputs["tags"] == {"Name": "edge", "team": "core"}


def test_without_a_domain_it_speaks_plain_http() -> None:
    """Nobody certifies AWS's own names, so there is no HTTPS to redirect to."""
    deployed = deployed_edge()

    [listener] = listeners(deployed).values()
    assert (listener["port"], listener["protocol"]) == (80, "HTTP")
    assert listener["defaultActions"][0]["fixedResponse"]["statusCode"] == "404"
    assert not deployed.all(aws.acm.Certificate)
    assert not deployed.all(aws.route53.Record)


def test_with_a_domain_it_speaks_tls_of_today() -> None:
    """HTTPS under the domain's certificate, with TLS 1.2 at least."""
    deployed = deployed_edge(**DOMAIN)

    https = listeners(deployed)["edge-https"]
    assert (https["port"], https["protocol"]) == (443, "HTTPS")
    assert https["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert https["certificateArn"] == deployed.one(aws.acm.Certificate).output("arn")
    assert https["defaultActions"][0]["fixedResponse"]["statusCode"] == "404"


def test_http_is_redirected_for_good() -> None:
    """With HTTPS, plain HTTP answers nothing but where to go."""
    http = listeners(deployed_edge(**DOMAIN))["edge-http"]

    [action] = http["defaultActions"]
    assert action["type"] == "redirect"
    assert action["redirect"] == {"port": "443", "protocol": "HTTPS", "statusCode": "HTTP_301"}
    assert "sslPolicy" not in http
    assert "certificateArn" not in http


def test_responses_carry_safe_headers() -> None:
    """Browsers insist on HTTPS and guess no types, and learn nothing of the server."""
    both = listeners(deployed_edge(**DOMAIN))

    for each in both.values():
        assert each["routingHttpResponseXContentTypeOptionsHeaderValue"] == "nosniff"
        assert each["routingHttpResponseServerEnabled"] is False
    hsts = "routingHttpResponseStrictTransportSecurityHeaderValue"
    assert both["edge-https"][hsts] == "max-age=31536000"
    assert hsts not in both["edge-http"]


def test_hsts_is_not_asked_for_with_0_days() -> None:
    """A header of age 0 would mean forget it, and not say nothing."""
    https = listeners(deployed_edge(**DOMAIN, hsts_days=0))["edge-https"]

    assert "routingHttpResponseStrictTransportSecurityHeaderValue" not in https


def test_domain_leads_to_the_balancer() -> None:
    """An alias record, of IPv4 only, which is what the balancer answers."""
    deployed = deployed_edge(**DOMAIN)

    balancer = deployed.one(aws.lb.LoadBalancer)
    record = deployed.one(aws.route53.Record, "edge-www.example.com-a").inputs
    assert (record["name"], record["type"], record["zoneId"]) == ("www.example.com", "A", "Z1")
    [alias] = record["aliases"]
    assert alias["name"] == balancer.output("dnsName")
    assert alias["zoneId"] == balancer.output("zoneId")
    assert "allowOverwrite" not in record


def test_certificate_covers_the_names_of_a_cdn() -> None:
    """CloudFront checks the balancer's certificate against the host that the visitor asked for."""
    names = ["www.example.com", "*.example.org"]
    deployed = deployed_edge(domain="origin.example.com", alternative_names=names)

    asked = deployed.one(aws.acm.Certificate).inputs
    assert asked["domainName"] == "origin.example.com"
    assert asked["subjectAlternativeNames"] == names
    assert "region" not in asked


def test_existing_certificate_is_used_as_it_is() -> None:
    """No other is issued, and without a zone the record is somebody else's to write."""
    deployed = deploy(lambda: edge(DOMAIN, certificate=MINE))

    assert listeners(deployed)["edge-https"]["certificateArn"] == MINE.certificate_arn
    assert not deployed.all(aws.acm.Certificate)
    assert not deployed.all(aws.route53.Record)


def test_existing_certificate_and_zone_go_together() -> None:
    """The zone then holds the record, and no proof."""
    deployed = deploy(lambda: edge(DOMAIN, certificate=MINE, zone=ZONE))

    assert deployed.one(aws.route53.Record).name == "edge-www.example.com-a"
    assert not deployed.all(aws.acm.Certificate)


@pytest.mark.parametrize(
    ("settings", "ports"),
    [({}, {"edge-http": 80}), (DOMAIN, {"edge-http": 80, "edge-https": 443})],
)
def test_open_to_the_internet(settings: dict[str, Any], ports: dict[str, int]) -> None:
    """Each listener's port is open, and no other."""
    rules = deploy(lambda: edge(settings)).all(aws.vpc.SecurityGroupIngressRule)

    assert {rule.name: rule.inputs["fromPort"] for rule in rules} == ports
    for rule in rules:
        assert rule.inputs["cidrIpv4"] == "0.0.0.0/0"
        assert rule.inputs["toPort"] == rule.inputs["fromPort"]


def test_calls_nobody_outside_the_network() -> None:
    """Out of the balancer leads one way: to the network's addresses."""
    deployed = deployed_edge()

    rule = deployed.one(aws.vpc.SecurityGroupEgressRule).inputs
    assert rule["cidrIpv4"] == "10.0.0.0/16"
    assert rule["securityGroupId"] == deployed.one(aws.ec2.SecurityGroup).id
    assert "egress" not in deployed.one(aws.ec2.SecurityGroup).inputs


def test_closed_to_all_but_cloudfront() -> None:
    """One port only: the prefix list counts as 55 of the group's 60 rules."""
    deployed = deployed_edge(**CLOSED)

    rule = deployed.one(aws.vpc.SecurityGroupIngressRule)
    assert rule.name == "edge-https"
    assert rule.inputs["prefixListId"] == "pl-3b927c52"
    assert "cidrIpv4" not in rule.inputs
    assert list(listeners(deployed)) == ["edge-https"]


def test_closed_without_a_domain_opens_port_80() -> None:
    """A stack without a domain may still be closed, and speaks HTTP to CloudFront."""
    deployed = deployed_edge(cloudfront_prefix_list_id="pl-3b927c52")

    assert deployed.one(aws.vpc.SecurityGroupIngressRule).inputs["fromPort"] == 80
    assert list(listeners(deployed)) == ["edge-http"]


def test_closed_refuses_what_brings_no_secret_header() -> None:
    """Another account's distribution comes from the same addresses, and gets 403."""
    deployed = deploy(lambda: edge(CLOSED).forward("web", GROUP, priority=100))

    [action] = listeners(deployed)["edge-https"]["defaultActions"]
    assert action["fixedResponse"]["statusCode"] == "403"
    made = json.loads(deployed.one(aws.secretsmanager.SecretVersion).inputs["secretString"])
    [header] = [
        condition["httpHeader"]
        for condition in deployed.one(aws.lb.ListenerRule).inputs["conditions"]
        if "httpHeader" in condition
    ]
    assert header == {"httpHeaderName": "X-Origin-Verify", "values": [made["password"]]}


def test_origin_headers_carry_the_same_secret() -> None:
    """What the CDN sends is what the rules ask for."""
    deployed = deploy(lambda: {"headers": edge(CLOSED).origin_headers})

    made = json.loads(deployed.one(aws.secretsmanager.SecretVersion).inputs["secretString"])
    assert deployed.outputs["headers"] == {"X-Origin-Verify": made["password"]}


def test_open_balancer_insists_on_no_header() -> None:
    """Nor does it make a secret."""
    deployed = deploy(lambda: {"headers": edge(DOMAIN).origin_headers})

    assert deployed.outputs["headers"] == {}
    assert not deployed.all(aws.secretsmanager.Secret)


def test_access_logs_go_to_a_private_bucket() -> None:
    """Encrypted with S3's own keys, since log delivery cannot write with any other."""
    deployed = deployed_edge(access_log_days=30)

    bucket = deployed.one(aws.s3.Bucket, "edge-logs").output("bucket")
    block = deployed.one(aws.s3.BucketPublicAccessBlock).inputs
    assert [value for value in block.values() if isinstance(value, bool)] == [True] * 4
    [rule] = deployed.one(aws.s3.BucketServerSideEncryptionConfiguration).inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    owner = deployed.one(aws.s3.BucketOwnershipControls).inputs["rule"]
    assert owner == {"objectOwnership": "BucketOwnerEnforced"}
    assert block["bucket"] == bucket
    assert deployed.one(aws.lb.LoadBalancer).inputs["accessLogs"]["bucket"] == bucket


def test_access_logs_are_forgotten_in_time() -> None:
    """As are the parts of uploads that broke off."""
    rules = deployed_edge(access_log_days=30).one(aws.s3.BucketLifecycleConfiguration).inputs

    by_id = {rule["id"]: rule for rule in rules["rules"]}
    assert by_id["old-objects"]["expiration"] == {"days": 30}
    upload = by_id["unfinished-uploads"]["abortIncompleteMultipartUpload"]
    assert upload == {"daysAfterInitiation": 7}


def test_log_delivery_may_write_for_this_account_alone() -> None:
    """The account is in the path, and plain HTTP is refused to everybody."""
    deployed = deployed_edge()

    policy = deployed.one(aws.s3.BucketPolicy)
    arn = deployed.one(aws.s3.Bucket).output("arn")
    account = deployed.one(aws.ec2.SecurityGroup).output("ownerId")
    write = statements(policy)["WriteAccessLogs"]
    assert write["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert write["Action"] == "s3:PutObject"
    assert write["Resource"] == f"{arn}/AWSLogs/{account}/*"
    refused = statements(policy)["RefusePlainHttp"]
    assert refused["Effect"] == "Deny"
    assert refused["Resource"] == [arn, f"{arn}/*"]


def test_log_bucket_has_its_policy_before_the_balancer() -> None:
    """AWS tries to write before it accepts the setting."""
    found = options()

    waits = found["LoadBalancer edge"].depends_on
    assert isinstance(waits, list)
    assert [type(each) for each in waits] == [aws.s3.BucketPolicy]
    before = found["BucketPolicy edge-logs"].depends_on
    assert isinstance(before, list)
    assert [type(each) for each in before] == [aws.s3.BucketPublicAccessBlock]


def test_no_logs_with_0_days() -> None:
    """Nor a bucket for them."""
    deployed = deployed_edge(access_log_days=0)

    assert "accessLogs" not in deployed.one(aws.lb.LoadBalancer).inputs
    assert not deployed.all(aws.s3.Bucket)


def test_protected_until_told_otherwise() -> None:
    """Then Pulumi and AWS delete it, and its logs with it."""
    kept, loose = options(), options(protected=False)

    for each in ("LoadBalancer edge", "Bucket edge-logs", "BucketPublicAccessBlock edge-logs"):
        assert kept[each].protect
        assert not loose[each].protect
    assert kept["Bucket edge-logs"].retain_on_delete
    deployed = deployed_edge(protected=False)
    assert deployed.one(aws.lb.LoadBalancer).inputs["enableDeletionProtection"] is False
    assert deployed.one(aws.s3.Bucket).inputs["forceDestroy"] is True
    assert deployed_edge().one(aws.s3.Bucket).inputs["forceDestroy"] is False


def test_forward_adds_a_rule() -> None:
    """It belongs to the listener that does the work, and the target group gets what matches."""
    deployed = deploy(
        lambda: edge(DOMAIN).forward(
            "api", GROUP, priority=10, hosts=["api.example.com"], paths=["/v1/*", "/v2/*"]
        )
    )

    rule = deployed.one(aws.lb.ListenerRule)
    assert rule.name == "edge-to-api"
    assert rule.inputs["listenerArn"] == deployed.one(aws.lb.Listener, "edge-https").output("arn")
    assert rule.inputs["priority"] == 10
    assert rule.inputs["actions"] == [{"type": "forward", "targetGroupArn": GROUP}]
    assert rule.inputs["conditions"] == [
        {"hostHeader": {"values": ["api.example.com"]}},
        {"pathPattern": {"values": ["/v1/*", "/v2/*"]}},
    ]


def test_forward_takes_everything_by_default() -> None:
    """A balancer with one target needs neither hosts nor paths."""
    deployed = deploy(lambda: edge().forward("web", GROUP, priority=100))

    rule = deployed.one(aws.lb.ListenerRule).inputs
    assert rule["conditions"] == [{"pathPattern": {"values": ["/*"]}}]
    assert rule["listenerArn"] == deployed.one(aws.lb.Listener, "edge-http").output("arn")


def test_rule_is_deleted_before_it_is_replaced() -> None:
    """Two rules of one listener cannot share a priority, not even for a moment."""
    assert options()["ListenerRule edge-to-web"].delete_before_replace


def test_priority_is_taken_once() -> None:
    """The message names both rules."""

    def program() -> None:
        balancer = edge()
        balancer.forward("web", GROUP, priority=10)
        balancer.forward("api", GROUP, priority=10)

    words = "load balancer 'edge' to 'api' has priority=10, which 'web' has: choose another"
    with pytest.raises(ValueError, match=words):
        deploy(program)


@pytest.mark.parametrize("priority", [0, 50_001])
def test_priority_is_in_range(priority: int) -> None:
    """AWS takes 1 to 50000."""
    with pytest.raises(ValueError, match="choose one from 1 to 50000"):
        deploy(lambda: edge().forward("web", GROUP, priority=priority))


@pytest.mark.parametrize(("settings", "most"), [({}, 5), (CLOSED, 4)])
def test_rule_names_few_hosts_and_paths(settings: dict[str, Any], most: int) -> None:
    """AWS takes five values in a rule, of which the secret header is one."""
    paths = [f"/{number}/*" for number in range(most)]

    made = deploy(lambda: edge(settings).forward("web", GROUP, priority=1, paths=paths))
    assert made.all(aws.lb.ListenerRule)
    with pytest.raises(ValueError, match=f"takes 1 to {most}: split it"):
        deploy(lambda: edge(settings).forward("web", GROUP, priority=1, hosts=["a.b"], paths=paths))


def test_rule_needs_a_condition() -> None:
    """AWS takes no rule without one."""
    with pytest.raises(ValueError, match=r"names 0 hosts and paths.*: name a host or a path"):
        deploy(lambda: edge().forward("web", GROUP, priority=1, paths=()))


def test_outputs_name_the_balancer() -> None:
    """With a domain the URL is the domain's; AWS's own name is an output all the same."""

    def program() -> dict[str, Any]:
        made = edge(DOMAIN)
        return {"url": made.url, "dns": made.dns_name, "group": made.security_group_id}

    deployed = deploy(program)

    balancer = deployed.one(aws.lb.LoadBalancer)
    assert deployed.outputs["url"] == "https://www.example.com"
    assert deployed.outputs["dns"] == balancer.output("dnsName")
    assert deployed.outputs["group"] == deployed.one(aws.ec2.SecurityGroup).id


def test_url_without_a_domain_is_the_name_that_aws_gave() -> None:
    """Over plain HTTP."""
    deployed = deploy(lambda: {"url": edge().url, "origin": edge_named("other").origin_domain})

    first = deployed.one(aws.lb.LoadBalancer, "edge").output("dnsName")
    second = deployed.one(aws.lb.LoadBalancer, "other").output("dnsName")
    assert deployed.outputs["url"] == f"http://{first}"
    assert deployed.outputs["origin"] == second


def test_it_is_a_balancer_and_an_origin() -> None:
    """A tier can stand behind it, and a CDN in front of it."""
    seen: list[tuple[object, ...]] = []

    def program() -> None:
        balancer: BalancerLike = edge({**DOMAIN, "idle_timeout": 30})
        origin: OriginLike = edge_named("other")
        seen.append((balancer.idle_timeout, origin.origin_https, origin.origin_names))

    deploy(program)

    assert seen == [(30, False, ())]


@pytest.mark.parametrize(
    ("given", "names"),
    [({"zone": ZONE}, ("www.example.com", "*.example.org")), ({"certificate": MINE}, ())],
)
def test_origin_names_are_those_it_was_certified_for(
    given: dict[str, Any], names: tuple[str, ...]
) -> None:
    """What stands on a certificate that was handed in, nobody knows here."""
    others = {"alternative_names": ["*.example.org"]} if "zone" in given else {}
    seen: list[object] = []
    deploy(lambda: seen.append(edge({**DOMAIN, **others}, **given).origin_names))

    assert seen == [names]


def test_needs_two_zones() -> None:
    """AWS takes no application balancer with one."""
    network = ExistingNetwork(vpc_id="vpc-1", cidr_block="10.0.0.0/16", public_subnet_ids=["a"])

    with pytest.raises(ValueError, match=r"'edge' needs public subnets in two zones.*has 1"):
        deploy(lambda: LoadBalancer("edge", network=network))


def test_name_that_aws_would_cut_is_refused() -> None:
    """A balancer's physical name ends at 32 characters, and cannot start like an internal one."""
    for name in ("a" * 25, "internal-edge", "Edge"):
        with pytest.raises(ValueError, match="load balancer"):
            deploy(lambda name=name: LoadBalancer(name, network=NETWORK))


def test_domain_without_a_certificate_is_refused() -> None:
    """HTTPS cannot be had without one, and HTTP under a domain is not what was asked for."""
    settings = LoadBalancerSettings(domain="www.example.com")

    with pytest.raises(ValueError, match=r"load balancer 'edge' has domain='www.example.com' and"):
        deploy(lambda: LoadBalancer("edge", settings, network=NETWORK))


def test_alternative_names_do_not_join_an_existing_certificate() -> None:
    """They would be ignored."""
    settings = {**DOMAIN, "alternative_names": ["example.com"]}

    with pytest.raises(ValueError, match="brings its own: give one or the other"):
        deploy(lambda: edge(settings, certificate=MINE))


@pytest.mark.parametrize(
    "wrong",
    [
        {"domain": "https://www.example.com"},
        {"domain": "*.example.com"},
        {"alternative_names": ["www.example.com"]},
        {"idle_timeout": 0},
        {"idle_timeout": 4001},
        {"hsts_days": -1},
        {"access_log_days": -1},
        {"cloudfront_prefix_list_id": "com.amazonaws.global.cloudfront.origin-facing"},
        {"port": 80},
    ],
)
def test_settings_refuse(wrong: dict[str, object]) -> None:
    """Out of range, malformed and misspelt settings fail before a preview."""
    with pytest.raises(ValidationError):
        LoadBalancerSettings.model_validate(wrong)
