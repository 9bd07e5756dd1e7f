"""The documents of the roles: who takes them on, and what they may do."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
"""For whom ``aws-actions/configure-aws-credentials`` asks GitHub to make its token."""

LOCKS = ".pulumi/locks"
"""Where Pulumi's own backend notes who works on a stack."""

_DATA = (
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:PartiQLSelect",
    "dynamodb:Query",
    "dynamodb:Scan",
    "ec2:GetConsoleOutput",
    "ec2:GetConsoleScreenshot",
    "ec2:GetPasswordData",
    "kinesis:GetRecords",
    "lambda:GetFunction",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:StartLiveTail",
    "logs:StartQuery",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "sqs:ReceiveMessage",
)
"""What ``ReadOnlyAccess`` allows, or may come to allow, and a preview has no use for."""

_PUBLIC_PARAMETERS = "arn:*:ssm:*:*:parameter/aws/service/*"
"""What AWS itself publishes, such as the newest machine images."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a role may do besides its managed policies."""

    writes_state: bool
    """Whether it may change the state, and not only lock it."""
    reads_data: bool
    """Whether it may read what is stored, and not only how it is stored."""


def trust(provider_arn: str, subjects: Sequence[str]) -> str:
    """Let exactly some subjects take on a role."""
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": list(subjects)}
            },
        }
    )


def policy(access: Access, bucket: str | None, key: str | None) -> str:
    """Open the state, and close what a preview must not read."""
    return _document(*_state(access, bucket, key), *_closed(access, bucket, key))


def _state(access: Access, bucket: str | None, key: str | None) -> Iterator[dict[str, Any]]:
    if bucket:
        written = f"{bucket}/*" if access.writes_state else f"{bucket}/{LOCKS}/*"
        yield _allow(["s3:GetBucketLocation", "s3:ListBucket"], bucket)
        yield _allow(["s3:GetObject"], f"{bucket}/*")
        yield _allow(["s3:DeleteObject", "s3:PutObject"], written)
    if key:
        yield _allow(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], key)


def _closed(access: Access, bucket: str | None, key: str | None) -> Iterator[dict[str, Any]]:
    if access.reads_data:
        return
    yield {"Effect": "Deny", "Action": list(_DATA), "Resource": "*"}
    yield {"Effect": "Deny", "Action": "ssm:GetParameter*", "NotResource": _PUBLIC_PARAMETERS}
    yield _deny_but("s3:GetObject*", f"{bucket}/*" if bucket else None)
    yield _deny_but("kms:Decrypt", key)


def _deny_but(action: str, exception: str | None) -> dict[str, Any]:
    where = {"NotResource": exception} if exception else {"Resource": "*"}
    return {"Effect": "Deny", "Action": action, **where}


def _allow(actions: Sequence[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
