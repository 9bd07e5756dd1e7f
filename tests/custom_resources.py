"""What the definitions of custom resources say of the fields that our objects have.

Kubernetes' own schemas do not know these kinds. Each schema here is closed: a field that is not in
it fails, although the definition may have it. They were written from the definitions named beside
them, all under the Apache License 2.0.
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}
DNS: Schema = {
    "type": "string",
    "maxLength": 253,
    "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
}
KEY: Schema = {"type": "string", "maxLength": 253, "pattern": "^[-._a-zA-Z0-9]+$"}


def closed(*required: str, **fields: Schema) -> Schema:
    """Return the schema of an object with these fields and no other."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(required),
        "additionalProperties": False,
    }


def many(item: Schema) -> Schema:
    """Return the schema of a list that is not empty."""
    return {"type": "array", "items": item, "minItems": 1}


def one_of(*words: str) -> Schema:
    """Return the schema of a word out of some."""
    return {"type": "string", "enum": list(words)}


_POLICIES = many(
    closed(
        *("periodSeconds", "type", "value"),
        periodSeconds={**NUMBER, "minimum": 1, "maximum": 1800},
        type=one_of("Pods", "Percent"),
        value={**NUMBER, "minimum": 1},
    )
)
_BEHAVIOUR = closed(
    policies=_POLICIES,
    selectPolicy=one_of("Max", "Min", "Disabled"),
    stabilizationWindowSeconds={**NUMBER, "minimum": 0, "maximum": 3600},
)

# external-secrets/external-secrets, config/crds/bases/external-secrets.io_externalsecrets.yaml,
# a5015f4b1616c2cabb444fcbdf30eeaa9e52fc5c, version v1
_EXTERNAL_SECRET = closed(
    "secretStoreRef",
    refreshInterval=TEXT,
    secretStoreRef=closed("name", name=DNS, kind=one_of("SecretStore", "ClusterSecretStore")),
    target=closed(
        name=DNS,
        creationPolicy=one_of("Owner", "Orphan", "Merge", "None"),
        template=closed(engineVersion=one_of("v2"), data=TEXTS),
    ),
    data=many(
        closed(
            *("remoteRef", "secretKey"),
            secretKey=KEY,
            remoteRef=closed("key", key=TEXT, property=TEXT),
        )
    ),
)

# external-secrets/external-secrets, config/crds/bases/external-secrets.io_secretstores.yaml,
# version v1: AWSProvider
_SECRET_STORE = closed(
    "provider",
    provider=closed(
        "aws",
        aws=closed(
            *("region", "service"),
            region=TEXT,
            service=one_of("SecretsManager", "ParameterStore"),
            role=TEXT,
        ),
    ),
)

# kedacore/keda, config/crd/bases/keda.sh_scaledobjects.yaml, version v1alpha1, and for
# scalingModifiers and fallback.behavior, which came with 2.12 and 2.15,
# https://keda.sh/docs/latest/reference/scaledobject-spec/
_SCALED_OBJECT = closed(
    *("scaleTargetRef", "triggers"),
    scaleTargetRef=closed("name", name=DNS, apiVersion=TEXT, kind=TEXT),
    minReplicaCount={**NUMBER, "minimum": 0},
    maxReplicaCount={**NUMBER, "minimum": 1},
    pollingInterval={**NUMBER, "minimum": 1},
    cooldownPeriod={**NUMBER, "minimum": 0},
    fallback=closed(
        *("failureThreshold", "replicas"),
        failureThreshold=NUMBER,
        replicas=NUMBER,
        behavior=one_of(
            "static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"
        ),
    ),
    advanced=closed(
        horizontalPodAutoscalerConfig=closed(
            behavior=closed(scaleDown=_BEHAVIOUR, scaleUp=_BEHAVIOUR)
        ),
        scalingModifiers=closed(
            formula=TEXT,
            target={"type": "string", "pattern": r"^\d+(\.\d+)?$"},
            activationTarget={"type": "string", "pattern": r"^\d+(\.\d+)?$"},
            metricType=one_of("AverageValue", "Value"),
        ),
    ),
    triggers=many(
        closed(
            *("metadata", "type"),
            type=one_of("redis"),
            name=TEXT,
            metadata=closed(
                *("address", "listName", "listLength"),
                # The scaler reads texts only: https://keda.sh/docs/latest/scalers/redis-lists/
                address=TEXT,
                databaseIndex={"type": "string", "pattern": r"^\d+$"},
                enableTLS=one_of("true", "false"),
                listName=TEXT,
                listLength={"type": "string", "pattern": r"^\d+$"},
            ),
            authenticationRef=closed("name", name=DNS),
            metricType=one_of("AverageValue", "Value"),
        )
    ),
)

# kedacore/keda, config/crd/bases/keda.sh_triggerauthentications.yaml,
# 976586f9e9d4b4aa7ef76b2efd6e2c2fc1f0562e
_TRIGGER_AUTHENTICATION = closed(
    secretTargetRef=many(
        closed(
            *("key", "name", "parameter"),
            key=KEY,
            name=DNS,
            parameter=one_of("username", "password", "tls", "ca", "cert", "key"),
        )
    )
)

# kubernetes-sigs/aws-load-balancer-controller,
# config/crd/bases/elbv2.k8s.aws_targetgroupbindings.yaml, 20aec0b8c76b5c8975139c722bdf53684e77c6c6,
# version v1beta1. Auto Mode's kind has other rules where it differs:
# https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html
_TARGET_GROUP_BINDING = closed(
    *("serviceRef", "targetGroupARN", "targetType"),
    serviceRef=closed("name", "port", name=DNS, port={"type": ["integer", "string"]}),
    targetGroupARN=TEXT,
    targetType=one_of("instance", "ip"),
)

SPECS: Mapping[tuple[str, str], Schema] = {
    ("eks.amazonaws.com/v1", "TargetGroupBinding"): _TARGET_GROUP_BINDING,
    ("elbv2.k8s.aws/v1beta1", "TargetGroupBinding"): _TARGET_GROUP_BINDING,
    ("external-secrets.io/v1", "ExternalSecret"): _EXTERNAL_SECRET,
    ("external-secrets.io/v1", "SecretStore"): _SECRET_STORE,
    ("keda.sh/v1alpha1", "ScaledObject"): _SCALED_OBJECT,
    ("keda.sh/v1alpha1", "TriggerAuthentication"): _TRIGGER_AUTHENTICATION,
}
"""Schema of the ``spec``, by API version and kind."""


def schema_of(body: Mapping[str, Any]) -> Schema:
    """Return the schema of a whole object.

    Raises:
        KeyError: Its kind is not known here.
    """
    return closed(
        *("apiVersion", "kind", "metadata", "spec"),
        apiVersion=TEXT,
        kind=TEXT,
        metadata=closed("name", name=DNS, namespace=DNS, labels=TEXTS, annotations=TEXTS),
        spec=SPECS[body["apiVersion"], body["kind"]],
    )
