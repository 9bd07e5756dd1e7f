"""What common AWS data sources answer where there is no AWS: the same every time.

An answer is a dict under wire names, or a function of the call's arguments and region.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

ACCOUNT = "123456789012"
"""The account id of AWS's own documentation."""

ZONES = {"us-east-1": "abcdef", "us-west-1": "ac", "ca-central-1": "abd", "ap-northeast-1": "acd"}
"""Letters of the zones that an account gets, where they are not ``abc``."""

Arguments = Mapping[str, Any]
Answer = Mapping[str, Any] | Callable[[Arguments, str], Mapping[str, Any]]


def answer(table: Mapping[str, Answer], token: str, args: Arguments, region: str) -> Any:
    """Return what a data source answers, or None if the table does not know it."""
    found = table.get(token)
    return found(args, str(args.get("region") or region)) if callable(found) else found


def _zones(args: Arguments, region: str) -> dict[str, Any]:
    left_out = set(args.get("excludeNames") or [])
    letters = [z for z in ZONES.get(region, "abc") if region + z not in left_out]
    return {
        "id": region,
        "region": region,
        "names": [region + letter for letter in letters],
        "zoneIds": [f"{region}-az{number}" for number, _ in enumerate(letters, 1)],
        "groupNames": [region],
    }


def _region(_args: Arguments, region: str) -> dict[str, Any]:
    return {
        "id": region,
        "region": region,
        "name": region,
        "description": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _ami(args: Arguments, region: str) -> dict[str, Any]:
    image = "ami-" + _digest(args, region, length=17)
    filters = {f["name"]: f["values"] for f in _items(args, "filters")}
    return {
        "id": image,
        "imageId": image,
        "arn": f"arn:aws:ec2:{region}::image/{image}",
        "architecture": filters.get("architecture", ["x86_64"])[0],
        "name": "offline",
        "ownerId": ACCOUNT,
        "creationDate": "2000-01-01T00:00:00.000Z",
        "rootDeviceName": "/dev/xvda",
        "rootDeviceType": "ebs",
        "virtualizationType": "hvm",
        "state": "available",
        "blockDeviceMappings": [],
        "tags": {},
    }


def _parameter(args: Arguments, region: str) -> dict[str, Any]:
    name = str(args["name"])
    image = f"ami-{_digest(name, region, length=17)}"
    value = image if "ami" in name else f"${{ssm:{name}}}"
    return {
        "id": name,
        "name": name,
        "arn": f"arn:aws:ssm:{region}:{ACCOUNT}:parameter/{name.lstrip('/')}",
        "type": "String",
        "value": value,
        "insecureValue": value,
        "version": 1,
        "region": region,
    }


def _prefix_list(args: Arguments, region: str) -> dict[str, Any]:
    found = f"pl-{_digest(args, region, length=8)}"
    return {
        "id": args.get("id") or found,
        "name": args.get("name"),
        "arn": f"arn:aws:ec2:{region}:aws:prefix-list/{found}",
        "addressFamily": "IPv4",
        "entries": [],
        "ownerId": "AWS",
        "tags": {},
        "region": region,
    }


def _hosted_zone(args: Arguments, _region: str) -> dict[str, Any]:
    zone = str(args.get("zoneId") or "Z" + _digest(args, length=13).upper())
    return {
        "id": zone,
        "zoneId": zone,
        "arn": f"arn:aws:route53:::hostedzone/{zone}",
        "name": args.get("name"),
        "nameServers": [f"ns-{number}.awsdns.example" for number in range(4)],
        "primaryNameServer": "ns-0.awsdns.example",
        "privateZone": bool(args.get("privateZone")),
        "tags": {},
    }


def _vpc(args: Arguments, region: str) -> dict[str, Any]:
    vpc = args.get("id") or f"vpc-{_digest(args, region, length=17)}"
    return {
        "id": vpc,
        "arn": f"arn:aws:ec2:{region}:{ACCOUNT}:vpc/{vpc}",
        "cidrBlock": args.get("cidrBlock") or "10.255.0.0/16",
        "default": bool(args.get("default")),
        "enableDnsHostnames": True,
        "enableDnsSupport": True,
        "ownerId": ACCOUNT,
        "state": "available",
        "tags": args.get("tags") or {},
        "region": region,
    }


def _policy_document(args: Arguments, _region: str) -> dict[str, Any]:
    """Compute the document, which is a pure function of the arguments in AWS too."""
    document = {
        "Version": args.get("version") or "2012-10-17",
        **({"Id": args["policyId"]} if args.get("policyId") else {}),
        "Statement": [_statement(statement) for statement in _items(args, "statements")],
    }
    return {
        "id": _digest(document, length=10),
        "json": json.dumps(document, indent=2),
        "minifiedJson": json.dumps(document, separators=(",", ":")),
    }


def _statement(given: Arguments) -> dict[str, Any]:
    statement = {
        "Sid": given.get("sid"),
        "Effect": given.get("effect", "Allow"),
        "Action": _one(given.get("actions")),
        "NotAction": _one(given.get("notActions")),
        "Resource": _one(given.get("resources")),
        "NotResource": _one(given.get("notResources")),
        "Principal": _principals(_items(given, "principals")),
        "NotPrincipal": _principals(_items(given, "notPrincipals")),
        "Condition": _conditions(_items(given, "conditions")),
    }
    return {key: value for key, value in statement.items() if value}


def _principals(given: Sequence[Arguments]) -> Any:
    by_type: dict[str, list[str]] = {}
    for principal in given:
        by_type.setdefault(principal["type"], []).extend(principal["identifiers"])
    if by_type == {"*": ["*"]}:
        return "*"
    return {kind: _one(identifiers) for kind, identifiers in by_type.items()}


def _conditions(given: Sequence[Arguments]) -> dict[str, dict[str, Any]]:
    by_test: dict[str, dict[str, Any]] = {}
    for condition in given:
        values = _one(condition["values"])
        by_test.setdefault(condition["test"], {})[condition["variable"]] = values
    return by_test


def _one(values: Any) -> Any:
    """Return the only item of a list by itself, as AWS writes its documents."""
    items = cast("list[Any]", values) if isinstance(values, list) else []
    return items[0] if len(items) == 1 else cast("Any", values)


def _items(args: Arguments, name: str) -> list[Arguments]:
    return cast("list[Arguments]", args.get(name) or [])


def _digest(*parts: Any, length: int) -> str:
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


ANSWERS: dict[str, Answer] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getCallerIdentity:getCallerIdentity": {
        "id": ACCOUNT,
        "accountId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/offline",
        "userId": "AIDAOFFLINE",
    },
    "aws:index/getPartition:getPartition": {
        "id": "aws",
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    },
    "aws:ec2/getAmi:getAmi": _ami,
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": _prefix_list,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    "aws:route53/getZone:getZone": _hosted_zone,
    "aws:ssm/getParameter:getParameter": _parameter,
}
"""Answers by the token of the data source."""
