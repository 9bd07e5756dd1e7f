"""The engine as the program sees it beside the monitor: a place for messages."""

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2

from .graph import Graph

_SEVERITIES = {
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}


class RecordingEngine:
    """Plain Python methods in place of Pulumi's ``Engine`` service, under its names."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._root = ""

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:  # noqa: N802
        """Keep what the program says; the SDK's own debug messages are noise."""
        if severity := _SEVERITIES.get(request.severity):
            self._graph.logs.append((severity, request.message))
        return empty_pb2.Empty()

    def GetRootResource(  # noqa: N802
        self, _request: engine_pb2.GetRootResourceRequest
    ) -> engine_pb2.GetRootResourceResponse:
        """Return the stack's URN."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(  # noqa: N802
        self, request: engine_pb2.SetRootResourceRequest
    ) -> engine_pb2.SetRootResourceResponse:
        """Keep the stack's URN."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(  # noqa: N802
        self, _request: engine_pb2.RequirePulumiVersionRequest
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Agree: no CLI takes part whose version could be wrong."""
        return engine_pb2.RequirePulumiVersionResponse()
