"""Certificates and host names: what is accepted, and which proofs are written."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plinth import certificate
from plinth.existing import ExistingCertificate, ExistingZone
from plinth.testing import Deployment, deploy

ZONE = ExistingZone(zone_id="Z1")
MINE = ExistingCertificate(certificate_arn="arn:aws:acm:eu-west-1:123456789012:certificate/1")
HOSTS = st.lists(st.text("ab1", min_size=1, max_size=3), max_size=3).map(
    lambda labels: ".".join([*labels, "example", "com"])
)


@dataclass
class Asked:
    """What ACM asks for a host."""

    domain_name: str
    resource_record_name: str = "_a.example.com"
    resource_record_value: str = "_b.acm-validations.aws"


def issue(*names: str, region: str | None = None, answers: list[Any] | None = None) -> Deployment:
    """Issue a certificate for some names, to a component called edge."""

    def program() -> dict[str, Any]:
        parent = pulumi.ComponentResource("plinth:index:Edge", "edge")
        domain, *others = names
        arn = certificate.issue_certificate(
            "edge", domain, others, zone=ZONE, parent=parent, tags={"team": "core"}, region=region
        )
        return {"arn": arn}

    if answers is None:
        return deploy(program)
    return deploy(program, computed={aws.acm.Certificate: {"domainValidationOptions": answers}})


def answer(host: str, number: int) -> dict[str, str]:
    """Answer as ACM does, in its wire names."""
    return {
        "domainName": host,
        "resourceRecordName": f"_{number}.{host.removeprefix('*.')}",
        "resourceRecordType": "CNAME",
        "resourceRecordValue": f"_{number}.acm-validations.aws",
    }


def test_certificate_carries_every_name() -> None:
    """The domain comes first on the certificate, and the others beside it."""
    made = issue("www.example.com", "*.example.com").one(aws.acm.Certificate).inputs

    assert made["domainName"] == "www.example.com"
    assert made["subjectAlternativeNames"] == ["*.example.com"]
    assert made["validationMethod"] == "DNS"
    assert made["tags"] == {"team": "core"}


def test_no_other_names_are_not_sent() -> None:
    """ACM puts the domain among them by itself, which an empty list would contradict."""
    made = issue("www.example.com").one(aws.acm.Certificate).inputs

    assert "subjectAlternativeNames" not in made


def test_each_host_is_proven_by_the_record_that_acm_asks_for() -> None:
    """ACM answers in an order of its own, so the record is found by its host."""
    hosts = ["www.example.com", "example.org"]
    answers = [answer(host, number) for number, host in enumerate(reversed(hosts))]

    deployed = issue(*hosts, answers=answers)

    first = deployed.one(aws.route53.Record, "edge-proof-www.example.com").inputs
    second = deployed.one(aws.route53.Record, "edge-proof-example.org").inputs
    assert first["name"] == "_1.www.example.com"
    assert first["records"] == ["_1.acm-validations.aws"]
    assert second["name"] == "_0.example.org"
    assert first["type"] == second["type"] == "CNAME"
    assert first["zoneId"] == "Z1"


def test_apex_and_wildcard_share_a_record() -> None:
    """ACM asks the same of both, and a second record of one name would be refused."""
    deployed = issue("example.com", "*.example.com", "www.example.com")

    names = {record.name for record in deployed.all(aws.route53.Record)}
    assert names == {"edge-proof-example.com", "edge-proof-www.example.com"}


def test_consumers_wait_until_it_is_valid() -> None:
    """A listener takes no certificate that is still pending."""
    deployed = issue("www.example.com")

    validation = deployed.one(aws.acm.CertificateValidation)
    record = deployed.one(aws.route53.Record)
    assert validation.inputs["certificateArn"] == deployed.one(aws.acm.Certificate).output("arn")
    assert validation.inputs["validationRecordFqdns"] == [record.output("fqdn")]


def test_proof_may_be_shared_by_two_certificates() -> None:
    """The balancer and the CDN may both be certified for a host, and ACM asks one record."""
    record = issue("www.example.com").one(aws.route53.Record)

    assert record.inputs["allowOverwrite"] is True


@pytest.mark.parametrize("region", ["us-east-1", None])
def test_region_reaches_certificate_and_validation(region: str | None) -> None:
    """A certificate for CloudFront is awaited where it is made; others follow the provider."""
    deployed = issue("www.example.com", region=region)

    assert deployed.one(aws.acm.Certificate).inputs.get("region") == region
    assert deployed.one(aws.acm.CertificateValidation).inputs.get("region") == region


@pytest.mark.parametrize("found", [None, "${placeholder}", [], [object()], [Asked("other.org")]])
def test_unknown_answer_gives_a_stand_in(found: object) -> None:
    """Before ACM has answered, a preview names what will stand there."""
    value = certificate.option(found, "www.example.com", "resource_record_name")

    assert value == "${resource_record_name of www.example.com}"


def test_wildcard_answer_belongs_to_its_apex() -> None:
    """ACM answers for the wildcard under the wildcard's name."""
    value = certificate.option([Asked("*.example.com")], "example.com", "resource_record_value")

    assert value == "_b.acm-validations.aws"


@given(st.lists(HOSTS, min_size=1), st.data())
def test_every_name_is_proven_once(hosts: list[str], data: st.DataObject) -> None:
    """However names repeat and wildcards cover, each host has one proof and none is left out."""
    wild = [f"*.{host}" for host in hosts if data.draw(st.booleans())]

    proven = certificate.proven_hosts(hosts[0], [*hosts[1:], *wild])

    assert set(proven) == set(hosts)
    assert len(proven) == len(set(proven))


@given(HOSTS)
def test_host_names_are_accepted(host: str) -> None:
    """What DNS can hold comes back unchanged, with a wildcard where one may be."""
    assert certificate.check_host(host) == host
    assert certificate.check_host(f"*.{host}", wildcard=True) == f"*.{host}"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "localhost",
        "WWW.example.com",
        "https://www.example.com",
        "www.example.com/",
        "www.example.com:443",
        "www.example.com.",
        "-www.example.com",
        "www..example.com",
        "*.example.com",
        "10.0.0.1",
        "www.example.com\n",
        f"{'a' * 64}.example.com",
        f"{'a.' * 130}com",
    ],
)
def test_what_is_no_host_name_is_refused(wrong: str) -> None:
    """Each would fail at ACM or Route 53, minutes into a deployment."""
    with pytest.raises(ValueError, match="is not a host name in lower case"):
        certificate.check_host(wrong)


def test_first_name_of_a_certificate_is_short() -> None:
    """ACM takes 64 characters there, and 253 in the others."""
    longest = f"{'a' * 52}.example.com"

    assert certificate.check_domain(longest) == longest
    with pytest.raises(ValueError, match="has at most 64: choose a shorter one"):
        certificate.check_domain(f"a{longest}")


@pytest.mark.parametrize(
    ("domain", "names", "words"),
    [
        (None, ["www.example.com"], "there is none: set it"),
        ("www.example.com", ["www.example.com"], "twice: remove the second"),
        ("www.example.com", ["a.org", "a.org"], "twice: remove the second"),
        ("www.example.com", ["a.*.org"], "is not a host name"),
    ],
)
def test_alternatives_are_checked(domain: str | None, names: list[str], words: str) -> None:
    """Names beside no domain, repeated names and wildcards in the middle are refused."""
    with pytest.raises(ValueError, match=words):
        certificate.check_alternatives(domain, names)


def test_no_alternatives_are_fine() -> None:
    """With a domain and without."""
    assert not certificate.check_alternatives(None, [])
    assert not certificate.check_alternatives("www.example.com", [])


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("www.example.com", "www.example.com", True),
        ("*.example.com", "www.example.com", True),
        ("*.example.com", "*.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.b.example.com", False),
        ("example.com", "www.example.com", False),
    ],
)
def test_wildcard_covers_one_label(pattern: str, host: str, *, covered: bool) -> None:
    """As browsers and CloudFront read a certificate."""
    assert certificate.covers(pattern, host) is covered


@pytest.mark.parametrize(
    ("domain", "given", "words"),
    [
        ("www.example.com", None, "edge has domain=.*: give it zone= or certificate="),
        (None, MINE, "edge has certificate= and no domain to show it for: set domain"),
    ],
)
def test_domain_and_certificate_go_together(
    domain: str | None, given: ExistingCertificate | None, words: str
) -> None:
    """One without the other serves nobody."""
    with pytest.raises(ValueError, match=words):
        certificate.check_wiring("edge", domain, zone=None, certificate=given)


@pytest.mark.parametrize(
    ("domain", "zone", "given"),
    [
        (None, None, None),
        (None, ZONE, None),
        ("www.example.com", ZONE, None),
        ("www.example.com", None, MINE),
        ("www.example.com", ZONE, MINE),
    ],
)
def test_other_wirings_make_no_certificate_or_the_right_one(
    domain: str | None, zone: ExistingZone | None, given: ExistingCertificate | None
) -> None:
    """The one handed in goes first, a new one needs domain and zone, and else there is none."""

    def program() -> dict[str, Any]:
        parent = pulumi.ComponentResource("plinth:index:Edge", "edge")
        certificate.check_wiring("edge", domain, zone=zone, certificate=given)
        arn = certificate.certify(
            "edge", domain, (), zone=zone, certificate=given, parent=parent, tags={}
        )
        return {"arn": arn}

    deployed = deploy(program)

    new = domain is not None and given is None
    assert len(deployed.all(aws.acm.Certificate)) == new
    if not new:
        assert deployed.outputs["arn"] == (given.certificate_arn if given else None)
