"""The recorder behind real gRPC, for a program in a process of its own."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import Message
from pulumi.runtime.proto import (
    callback_pb2,
    callback_pb2_grpc,
    engine_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from plinth.preview.answers import ANSWERS
from plinth.preview.construction import Construction
from plinth.preview.engine import RecordingEngine
from plinth.preview.graph import Graph, Mode
from plinth.preview.lookups import Lookups
from plinth.preview.monitor import RecordingMonitor, Refused
from plinth.preview.states import States
from plinth.preview.transforms import Transforms

RUNNER = """
import asyncio, os, runpy, sys
import pulumi
from pulumi.runtime import settings

address, project, stack, entry = sys.argv[1:]
pulumi.runtime.set_all_config(
    pulumi.runtime.config.get_config_env(), pulumi.runtime.config.get_config_secret_keys_env()
)
settings.configure(
    settings.Settings(
        project=project, stack=stack, organization="organization", root_directory=os.getcwd(),
        monitor=address, engine=address, dry_run=True,
    )
)
program = lambda: runpy.run_path(entry, run_name="__main__") and None
asyncio.run(pulumi.runtime.run_in_stack(program))
"""
"""What Pulumi's own executor does, in short."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A program, and what it is run with."""

    directory: Path
    """Where the program is started, whose lines are its own."""
    entry: str
    """The program's file."""
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    secret_keys: Sequence[str] = ()
    stack_outputs: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict[str, Mapping[str, Any]]
    )


def own_runner(case: Case, address: str) -> list[str]:
    """Start a program with nothing but Pulumi's SDK."""
    return [sys.executable, "-c", RUNNER, address, "project", "stack", case.entry]


def executor(path: Path) -> Callable[[Case, str], list[str]]:
    """Start a program with Pulumi's own executor."""

    def command(case: Case, address: str) -> list[str]:
        options = {
            "project": "project",
            "stack": "stack",
            "organization": "organization",
            "monitor": address,
            "engine": address,
            "dry_run": "true",
            "parallel": "4",
            "pwd": str(case.directory),
            "root_directory": str(case.directory),
        }
        flags = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [sys.executable, str(path), *flags, case.entry]

    return command


def record_over_grpc(case: Case, start: Callable[[Case, str], list[str]]) -> Graph:
    """Run a program in another process against the recorder, as a first preview would go."""
    graph = Graph(project="project", stack="stack", mode=Mode.UNKNOWN)
    server = grpc.server(futures.ThreadPoolExecutor(100))
    _serve(server, graph, case)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        _run(start(case, address), case)
    finally:
        server.stop(grace=None).wait()
    return graph


def _run(command: Sequence[str], case: Case) -> None:
    variables = {
        **os.environ,
        "PULUMI_CONFIG": json.dumps(dict(case.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(case.secret_keys)),
    }
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=case.directory, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _serve(server: grpc.Server, graph: Graph, case: Case) -> None:
    states = States(graph, Construction(graph), case.config.get("aws:region", ""), {})
    monitor = RecordingMonitor(
        graph,
        root=str(case.directory),
        states=states,
        lookups=Lookups(graph, states, ANSWERS, case.stack_outputs, "organization"),
        transforms=Transforms(_call_back),
    )
    resources: Any = resource_pb2_grpc
    engine: Any = engine_pb2_grpc
    one_at_a_time = threading.RLock()
    resources.add_ResourceMonitorServicer_to_server(
        _service(resources.ResourceMonitorServicer, monitor, one_at_a_time), server
    )
    # The program logs while a transform of its own holds the monitor.
    engine.add_EngineServicer_to_server(
        _service(engine.EngineServicer, RecordingEngine(graph), nullcontext()), server
    )


def _service(base: type, plain: object, guard: AbstractContextManager[Any]) -> Any:
    """Give plain methods the shape of a gRPC service's."""
    names = [name for name in dir(plain) if name[0].isupper()]
    methods = {name: _method(getattr(plain, name), guard) for name in names}
    return type("Service", (base,), methods)()


def _method(plain: Callable[[Any], Any], guard: AbstractContextManager[Any]) -> Callable[..., Any]:
    def method(_self: object, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            with guard:
                return plain(request)
        except Refused as refused:
            context.abort(refused.code(), refused.details())

    return method


def _call_back(callback: callback_pb2.Callback, message: Message) -> Any:
    """Call one of the program's functions in its own process."""
    question = callback_pb2.CallbackInvokeRequest(
        token=callback.token, request=message.SerializeToString()
    )
    with grpc.insecure_channel(callback.target) as channel:
        stub: Any = callback_pb2_grpc.CallbacksStub(channel)
        answer = stub.Invoke(question)
    if isinstance(message, resource_pb2.TransformRequest):
        return resource_pb2.TransformResponse.FromString(answer.response)
    return resource_pb2.TransformInvokeResponse.FromString(answer.response)
