"""An AWS on loopback: ``make emulate`` serves it, and prints a stack that is deployed to it.

    python -m tools.emulate [--port 5555] [--print | --gaps]

The server is moto's (github.com/getmoto/moto). It keeps everything in memory, checks little, runs
nothing, and forgets all when it ends. docs/emulate.md says what it lacks.
"""

import argparse
import functools
import importlib
import logging
import socket
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from plinth.testing import Deployment, deploy_project

from .aws_calls import CALLS, LATER

ROOT = Path(__file__).parent.parent
STACK = "dev"
"""What is emulated: tools/aws_calls.py has the types of this one."""

PORT = 5555
KEY = "emulated"
"""Stands for both keys: nobody checks them, and nothing real has such."""

ALWAYS = ("sts",)
"""Services that the provider itself talks to."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print a stack's file, and serve it until somebody interrupts."""
    parser = argparse.ArgumentParser(description="an AWS on loopback")
    parser.add_argument("--port", type=_port, default=PORT, help=f"default: {PORT}")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--print", action="store_true", help="print the file, and serve nothing")
    only.add_argument("--gaps", action="store_true", help="print what the server lacks, and end")
    arguments = parser.parse_args(argv)
    if arguments.print:
        sys.stdout.write(document(arguments.port))
        return 0
    try:
        url, server = serve(0 if arguments.gaps else arguments.port)
    except OSError as error:
        parser.error(f"port {arguments.port}: {error.strerror}: give another one by --port")
    try:
        if arguments.gaps:
            report = losses(deploy_project(ROOT, STACK), gaps(url))
            sys.stdout.writelines(f"{line}\n" for line in report)
            return 0
        sys.stdout.write(document(arguments.port))
        sys.stdout.flush()
        sys.stderr.write(f"emulate: serving at {url} until Ctrl-C\n")
        threading.Event().wait()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    finally:
        server.stop()
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        msg = f"{text!r} is no port: need 1 to 65535"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def serve(port: int) -> tuple[str, Any]:
    """Start the server on loopback alone; port 0 is any that is free.

    Raises:
        OSError: The port is taken.
    """
    # Asked here, since moto would wait for its server for ever.
    socket.create_server(("127.0.0.1", port)).close()
    _read_once()
    _answer_at_once()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it logs every request
    # Imported here and below, so that who only prints does not wait for it.
    moto: Any = importlib.import_module("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    host, chosen = server.get_host_and_port()
    return f"http://{host}:{chosen}", server


def document(port: int) -> str:
    """Write ``Pulumi.emulated.yaml``: the stack's own configuration, with another provider's."""
    whole = yaml.safe_load((ROOT / f"Pulumi.{STACK}.yaml").read_text())
    config = {**whole["config"], **provider(f"http://127.0.0.1:{port}")}
    head = f"# After Pulumi.{STACK}.yaml, for `make emulate`.\n"
    return head + yaml.safe_dump({"config": config}, sort_keys=False)


def provider(url: str) -> dict[str, Any]:
    """Configure the AWS provider for an emulator, by the names of ``pulumi_aws.config``."""
    return {
        "aws:accessKey": KEY,
        "aws:secretKey": KEY,
        "aws:skipCredentialsValidation": True,
        "aws:skipMetadataApiCheck": True,
        "aws:skipRequestingAccountId": True,
        "aws:s3UsePathStyle": True,
        "aws:endpoints": [dict.fromkeys(services(), url)],
    }


def services() -> list[str]:
    """Name every service that something of the stack is made by."""
    return sorted({call.partition(".")[0] for call in CALLS.values()} | set(ALWAYS))


def gaps(url: str, calls: Iterable[str] = (*CALLS.values(), *LATER)) -> list[str]:
    """Try calls, with nothing in them that makes sense, and list those that nobody answers."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)  # it stumbles over nonsense
    by_service = sorted({tuple(call.split(".")) for call in calls})
    clients = {service: client(service, url) for service, _ in by_service}
    return [f"{s}.{name}" for s, name in by_service if not _answers(clients[s], name)]


def losses(deployed: Deployment, missing: list[str]) -> Iterator[str]:
    """Say which resources of a stack cannot be made, and which others wait for those."""
    wanted = [r for r in deployed.resources if r.type.startswith("aws:")]
    lost = {r.urn for r in wanted if CALLS[r.type] in missing}
    waiting = set[str]()
    while more := {
        r.urn
        for r in deployed.resources
        if r.urn not in lost | waiting and (lost | waiting) & set(r.depends_on)
    }:
        waiting |= more
    made = [r for r in wanted if r.urn not in lost | waiting]
    yield f"{len(made)} of {len(wanted)} resources can be made."
    yield ""
    yield "Not answered:"
    yield from (f"- {call}" for call in missing)
    for title, urns in (("Cannot be made:", lost), ("Wait for those:", waiting)):
        yield ""
        yield title
        yield from sorted(f"- {r.type} {r.name}" for r in wanted if r.urn in urns)


def client(service: str, url: str, *, checked: bool = False) -> Any:
    """Connect to the server, with or without botocore's own look at what is asked."""
    boto3: Any = importlib.import_module("boto3")
    config: Any = importlib.import_module("botocore.config").Config
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=KEY,
        aws_secret_access_key=KEY,
        config=config(parameter_validation=checked, retries={"total_max_attempts": 1}),
    )


def _answers(connected: Any, name: str) -> bool:
    """Tell whether the server knows a call, be it to complain of what is in it."""
    shape = connected.meta.service_model.operation_model(name).input_shape
    method = next(m for m, n in connected.meta.method_to_api_mapping.items() if n == name)
    unreadable: Any = importlib.import_module("botocore.parsers").ResponseParserError
    try:
        getattr(connected, method)(**_filled(shape))
    except connected.exceptions.ClientError as error:
        return error.response["Error"]["Code"] != NOT_IMPLEMENTED
    except unreadable as error:  # a page in HTML
        return "404 Not Found" not in str(error)  # 500 is an answer of sorts
    return True


def _filled(shape: Any) -> dict[str, Any]:
    """Give every required member something of its type."""
    if shape is None:
        return {}
    return {name: _value(shape.members[name]) for name in shape.required_members}


def _value(shape: Any) -> Any:
    kinds: Mapping[str, Any] = {"integer": 1, "long": 1, "boolean": True, "map": {}, "blob": b""}
    if shape.type_name == "structure":
        return _filled(shape)
    if shape.type_name == "list":
        return [_value(shape.member)]
    return shape.enum[0] if getattr(shape, "enum", None) else kinds.get(shape.type_name, "none")


NOT_IMPLEMENTED = "NotImplementedByMoto"


@functools.cache
def _read_once() -> None:
    """Keep what botocore reads: each of moto's many sessions would read the models again.

    EC2's takes a quarter of a second, and is read five times.
    """
    loader: Any = importlib.import_module("botocore.loaders").JSONFileLoader
    read = functools.cache(functools.partial(loader.load_file, loader()))

    def load_file(_: Any, path: str) -> Any:
        return read(path)

    loader.load_file = load_file


@functools.cache
def _answer_at_once() -> None:
    """Refuse with 400 what moto lacks: AWS's libraries try its own 500 again, for minutes."""
    base: Any = importlib.import_module("moto.core.responses").BaseResponse
    ordinary = base.call_action

    def call_action(self: Any) -> Any:
        try:
            return ordinary(self)
        except NotImplementedError as error:
            return 400, {"x-amzn-errortype": NOT_IMPLEMENTED}, _refusal(self, str(error))

    base.call_action = call_action


def _refusal(response: Any, message: str) -> str:
    if response.headers.get("X-Amz-Target"):
        return f'{{"__type": "{NOT_IMPLEMENTED}", "message": "{message}"}}'
    said = f"<Type>Sender</Type><Code>{NOT_IMPLEMENTED}</Code><Message>{message}</Message>"
    return f"<ErrorResponse><Error>{said}</Error></ErrorResponse>"


if __name__ == "__main__":
    raise SystemExit(main())
