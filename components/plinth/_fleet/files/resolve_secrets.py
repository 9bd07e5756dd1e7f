#!/usr/bin/env python3
"""Write a process's secret variables, read from Secrets Manager, for docker run --env-file.

usage: resolve_secrets.py RECIPE OUTPUT

RECIPE is JSON: {"DATABASE_URL": {"secret": ARN, "template": "postgresql://{user}:{password:url}@db"}}.
A field is taken from the secret, itself a JSON object; ":url" percent-encodes it.
It tries once, and systemd starts it again until it succeeds. It never prints a value.
It runs on an instance: Python 3.9, the standard library and the aws command are all there is.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

FIELD = re.compile(r"\{([^{}]*?)(:url)?\}")


def read_secret(arn: str) -> "dict[str, object]":
    """Read one secret, in the region that its ARN names."""
    command = ["aws", "secretsmanager", "get-secret-value", "--secret-id", arn, "--output", "json"]
    if arn.startswith("arn:"):
        command += ["--region", arn.split(":")[3]]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60)  # noqa: S603
    return json.loads(json.loads(answer.stdout)["SecretString"])


def fill(variable: str, template: str, fields: "dict[str, object]") -> str:
    """Put a secret's fields into a template."""

    def value(match: "re.Match[str]") -> str:
        if match[1] not in fields:
            sys.exit(f"{variable}: its secret has no field {match[1]!r}")
        text = str(fields[match[1]])
        return quote(text, safe="") if match[2] else text

    text = FIELD.sub(value, template)
    if any(mark in text for mark in "\n\r\0"):
        sys.exit(f"{variable}: a line break, which no container can be given")
    return text


def main(recipe: Path, output: Path) -> None:
    """Write the file at once or not at all, for root alone."""
    wanted = json.loads(recipe.read_text())
    secrets = {arn: read_secret(arn) for arn in sorted({w["secret"] for w in wanted.values()})}
    lines = [f"{n}={fill(n, w['template'], secrets[w['secret']])}\n" for n, w in wanted.items()]
    part = output.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(lines)
    part.replace(output)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
