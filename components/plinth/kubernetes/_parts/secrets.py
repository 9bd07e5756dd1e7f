"""Secret variables, as pods find them: read in the cluster, or written by Pulumi."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from plinth._texts import Field, pieces
from plinth.kubernetes.settings import PodSettings, SecretDelivery
from plinth.wiring import SecretText, Service

from .identity import make_reader_role
from .labels import digest
from .site import Site

API = "external-secrets.io/v1"

WAIT = {"pulumi.com/waitFor": "condition=Ready"}
"""Pulumi takes an object that it does not know for ready at once, unless told otherwise
(https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/)."""

REFRESH = "1h"
"""How often the operator looks for new values. Pods take them up when they are next replaced."""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """Secret variables in the cluster."""

    name: pulumi.Output[str] | None
    """The ``Secret`` that holds them; None where a tier has none."""
    ready: Sequence[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    """What a pod must not start before."""


def check_delivery(component: str, name: str, pods: PodSettings, uses: Sequence[Service]) -> None:
    """Refuse what could not be delivered, before anything is registered."""
    if pods.secret_delivery is SecretDelivery.SECRET:
        for service in uses:
            lost = sorted(v for v, text in service.secrets.items() if text.value is None)
            if lost:
                msg = (
                    f"{component} {name!r} has secret_delivery=secret, and the program does not "
                    f"know {', '.join(lost)} of {service.pulumi_resource_name!r}: give it with a "
                    "value, or set secret_delivery=external_secrets"
                )
                raise ValueError(msg)
    granting = sorted(s.pulumi_resource_name for s in uses if s.grants)
    if granting and not pods.pod_identity:
        msg = (
            f"{component} {name!r} has pod_identity=false, and {', '.join(granting)} grants it "
            "permissions in AWS: set pod_identity=true, or drop what it cannot use"
        )
        raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the operator reads secrets."""

    reference: Mapping[str, str]
    ready: Sequence[pulumi.Resource] = field(default_factory=list[pulumi.Resource])


def make_secrets(
    site: Site,
    secrets: Mapping[str, SecretText],
    *,
    role: str | None = None,
    source: Source | None = None,
) -> Delivered:
    """Bring secret variables to the tier's pods, all of them in one object.

    Args:
        site: Where.
        secrets: The variables.
        role: What they are for, if it is not the tier's pods: it names another object.
        source: Where to read them, if a tier has several objects; see :func:`make_source`.
    """
    if not secrets:
        return Delivered(name=None)
    called = site.name if role is None else f"{site.name}-{role}"
    if site.pods.secret_delivery is SecretDelivery.SECRET:
        return _written(site, called, secrets)
    return _read(site, called, secrets, source or make_source(site, secrets.values()))


def _written(site: Site, called: str, secrets: Mapping[str, SecretText]) -> Delivered:
    values = {
        name: pulumi.Output.secret(text.value)
        for name, text in secrets.items()
        if text.value is not None
    }
    known: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(values)
    # Ten digits of a hash over all of them give none of them away.
    name = pulumi.Output.unsecret(
        known.apply(lambda each: f"{called}-{digest(json.dumps(each, sort_keys=True))}")
    )
    made = k8s.core.v1.Secret(
        called,
        metadata=site.metadata(name=name),
        type="Opaque",
        string_data=values,
        immutable=True,
        opts=site.child,
    )
    return Delivered(name=name, ready=[made])


def _read(site: Site, called: str, secrets: Mapping[str, SecretText], source: Source) -> Delivered:
    late: dict[str, Any] = {
        name: {"arn": text.secret_arn, "template": text.template} for name, text in secrets.items()
    }
    known: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(late)
    parts = known.apply(external)
    name = parts.apply(lambda p: f"{called}-{digest(json.dumps(p, sort_keys=True))}")
    made = k8s.apiextensions.CustomResource(
        called,
        api_version=API,
        kind="ExternalSecret",
        metadata=site.metadata(name=name, annotations=WAIT),
        spec={
            "refreshInterval": REFRESH,
            "secretStoreRef": source.reference,
            "target": {
                "name": name,
                "creationPolicy": "Owner",
                "template": {"engineVersion": "v2", "data": parts.apply(lambda p: p["texts"])},
            },
            "data": parts.apply(lambda p: p["fields"]),
        },
        opts=pulumi.ResourceOptions(parent=site.parent, depends_on=list(source.ready)),
    )
    return Delivered(name=name, ready=[made])


def make_source(site: Site, secrets: Iterable[SecretText]) -> Source:
    """Say where the operator reads, and make that place unless it is there already."""
    if site.pods.secret_store is not None:
        return Source(reference={"kind": "ClusterSecretStore", "name": site.pods.secret_store})
    role, granted = make_reader_role(
        site.name,
        [text.secret_arn for text in secrets],
        cluster=site.cluster,
        operator=site.pods.secrets_operator,
        parent=site.parent,
        tags=site.tags,
    )
    made = k8s.apiextensions.CustomResource(
        f"{site.name}-store",
        api_version=API,
        kind="SecretStore",
        metadata=site.metadata(annotations=WAIT),
        spec={
            "provider": {
                "aws": {"service": "SecretsManager", "region": site.region, "role": role.arn}
            }
        },
        opts=pulumi.ResourceOptions(parent=site.parent, depends_on=granted),
    )
    return Source(reference={"kind": "SecretStore", "name": site.name}, ready=[made])


def external(secrets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Say which fields the operator reads, and what it makes of them.

    Args:
        secrets: ARN and template of each variable, by its name.
    """
    texts: dict[str, str] = {}
    fields: dict[str, dict[str, Any]] = {}
    for variable, secret in sorted(secrets.items()):
        found = pieces(str(secret["template"]))
        texts[variable] = "".join(go_template(variable, piece) for piece in found)
        for piece in found:
            if isinstance(piece, Field):
                key = _key(variable, piece)
                remote = {"key": secret["arn"], "property": piece.name}
                fields[key] = {"secretKey": key, "remoteRef": remote}
    return {"texts": texts, "fields": list(fields.values())}


def go_template(variable: str, piece: str | Field) -> str:
    """Write a piece of a template as the operator's own templates have it.

    ``urlquery`` is made for forms and writes a space as ``+``, which nobody reads as a space in
    the first part of a URL. A plus of the value's own it has written as ``%2B`` by then.
    """
    if isinstance(piece, str):
        return piece.replace("{{", '{{ "{{" }}')
    field = f"{{{{ .{_key(variable, piece)} "
    return field + ('| urlquery | replace "+" "%20" }}' if piece.encoded else "}}")


def _key(variable: str, field: Field) -> str:
    """Name a field of a variable's secret as a template can: by letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9_]", "_", f"{variable}_{field.name}")
