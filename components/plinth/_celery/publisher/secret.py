"""One call of Secrets Manager, signed by hand: the function brings no library along."""

import hashlib
import hmac
import json
import os
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime

SERVICE = "secretsmanager"
ENDPOINT = "AWS_ENDPOINT_URL_SECRETS_MANAGER"
"""Variable that AWS's own libraries heed too."""

SECONDS = 5.0


def read_secret(arn: str) -> dict[str, object]:
    """Read a secret that holds a JSON object, in the region that its ARN names."""
    _, partition, _, region, *_ = arn.split(":")
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    url = os.environ.get(ENDPOINT, f"https://{SERVICE}.{region}.{suffix}")
    body = json.dumps({"SecretId": arn}).encode()
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": url.partition("://")[2],
        "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        "x-amz-target": f"{SERVICE}.GetSecretValue",
    }
    if token := os.environ.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = token
    headers["authorization"] = authorization(
        headers,
        body,
        region,
        key_id=os.environ["AWS_ACCESS_KEY_ID"],
        key=os.environ["AWS_SECRET_ACCESS_KEY"],
    )
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        return json.loads(json.loads(answer.read())["SecretString"])


def authorization(
    headers: Mapping[str, str], body: bytes, region: str, *, key_id: str, key: str
) -> str:
    """Sign a POST to ``/`` by version 4 of AWS's scheme.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    names = sorted(headers)
    listed, signed = "".join(f"{name}:{headers[name]}\n" for name in names), ";".join(names)
    request = f"POST\n/\n\n{listed}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
    date = headers["x-amz-date"]
    scope = [date[:8], region, SERVICE, "aws4_request"]
    digest = hashlib.sha256(request.encode()).hexdigest()
    signing = f"AWS4{key}".encode()
    for part in scope:
        signing = _hmac(signing, part)
    text = f"AWS4-HMAC-SHA256\n{date}\n{'/'.join(scope)}\n{digest}"
    signature = _hmac(signing, text).hex()
    credential = "/".join([key_id, *scope])
    return (
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"
    )


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
