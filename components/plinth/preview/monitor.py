"""The resource monitor: what a program talks to in place of Pulumi's engine.

It has the methods of the ``ResourceMonitor`` service, as plain Python and under their names. It
gives out URNs, runs transforms, lets children inherit options, refuses what the engine refuses, and
writes everything down.
"""

from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import callback_pb2, provider_pb2, resource_pb2

from .graph import Graph, Kind, Node, make_urn
from .lookups import Lookups, Unanswerable
from .requests import kind_of, options_of, provider_urn, source_of
from .states import States
from .transforms import Transforms
from .values import UNKNOWN, from_struct, returning, to_struct

FEATURES = tuple(
    getattr(resource_pb2, f"RESOURCE_MONITOR_FEATURE_{name}")
    for name in (
        "SECRETS",
        "RESOURCE_REFERENCES",
        "OUTPUT_VALUES",
        "ALIAS_SPECS",
        "REPLACEMENT_TRIGGER",
        "DELETED_WITH",
        "REPLACE_WITH",
        "TRANSFORMS",
        "INVOKE_TRANSFORMS",
        "PARAMETERIZATION",
        "RESOURCE_HOOKS",
        "ERROR_HOOKS",
        "INVOKE_DEPENDS_ON",
    )
)
"""What the recorder claims to support, which decides what the SDK sends."""

STACK_REFERENCE = "pulumi:pulumi:StackReference"
_INHERITED = ("deletedWith", "protect", "retainOnDelete")


class Refused(grpc.RpcError):
    """A request the engine would refuse; the SDK raises its text in the program."""

    def __init__(self, details: str) -> None:
        super().__init__(details)
        self._details = details

    def code(self) -> grpc.StatusCode:
        """Return the status that a real connection would carry."""
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        """Return what is wrong."""
        return self._details


class RecordingMonitor:
    """Plain Python methods in place of Pulumi's ``ResourceMonitor`` service."""

    def __init__(
        self, graph: Graph, *, root: str, states: States, lookups: Lookups, transforms: Transforms
    ) -> None:
        self.graph = graph
        self._root = root
        self._states = states
        self._lookups = lookups
        self._transforms = transforms

    def RegisterResource(  # noqa: N802
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Write a resource down, and answer with its URN, its id and what is known of it."""
        self._transforms.apply(request, self._ancestors(request.parent))
        node = self._node(request, kind_of(request))
        node.options = self._inherit(request.parent, options_of(request))
        node.dependencies = sorted(request.dependencies)
        node.property_dependencies = {
            key: sorted(value.urns)
            for key, value in sorted(request.propertyDependencies.items())
            if value.urns
        }
        node.providers = {
            package: provider_urn(reference)
            for package, reference in sorted(request.providers.items())
        }
        node.inputs = from_struct(request.object)
        node.id = request.importId
        self._add(node)
        self._transforms.keep(node.urn, request)
        if node.kind in (Kind.CUSTOM, Kind.PROVIDER):
            return self._created(node, request.object)
        if node.kind is Kind.REMOTE:
            problem = f"{node.type} {node.name!r}: a plugin makes its children, which do not show"
            self.graph.problems.append(problem)
        # The engine answers a component with an empty object.
        return resource_pb2.RegisterResourceResponse(urn=node.urn)

    def RegisterResourceOutputs(  # noqa: N802
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        """Write down a component's outputs, or a stack's exports."""
        if node := self.graph.nodes.get(request.urn):
            node.outputs = from_struct(request.outputs)
        return empty_pb2.Empty()

    def ReadResource(  # noqa: N802
        self, request: resource_pb2.ReadResourceRequest
    ) -> resource_pb2.ReadResourceResponse:
        """Write down a resource that is looked up, and answer with what is known of it."""
        node = self._node(request, Kind.READ)
        node.id = "" if request.id == UNKNOWN else request.id
        node.inputs = from_struct(request.properties)
        node.dependencies = sorted(request.dependencies)
        self._add(node)
        if node.type == STACK_REFERENCE:
            node.state = self._lookups.stack(node)
        else:
            self._states.fill(node)
        return resource_pb2.ReadResourceResponse(
            urn=node.urn, id=node.id, properties=to_struct(node.state)
        )

    def Invoke(  # noqa: N802
        self, request: resource_pb2.ResourceInvokeRequest
    ) -> resource_pb2.ResourceInvokeResponse:
        """Answer for a data source."""
        if request.tok == "pulumi:pulumi:getResource":
            return self._known(request.args["urn"])
        self._transforms.apply_invoke(request)
        try:
            return self._lookups.invoke(request)
        except Unanswerable as error:
            raise Refused(str(error)) from error

    def Call(  # noqa: N802
        self, request: resource_pb2.ResourceCallRequest
    ) -> provider_pb2.CallResponse:
        """Answer for a resource's method: its result is not known."""
        self._lookups.note_call(request)
        return provider_pb2.CallResponse(**returning({"result": UNKNOWN}))

    def ExistsResource(  # noqa: N802
        self, request: resource_pb2.ExistsResourceRequest
    ) -> resource_pb2.ExistsResourceResponse:
        """Answer whether a resource exists: nobody knows offline."""
        problem = f"{request.type} {request.id!r}: whether it exists is not known offline"
        self.graph.problems.append(problem)
        return resource_pb2.ExistsResourceResponse(exists=False, unknown=True)

    def RegisterPackage(  # noqa: N802
        self, request: resource_pb2.RegisterPackageRequest
    ) -> resource_pb2.RegisterPackageResponse:
        """Answer with a reference to a parameterized provider."""
        package = request.parameterization.name or request.extension.name
        reference = f"{request.name}@{request.version}:{package}"
        return resource_pb2.RegisterPackageResponse(ref=reference)

    def RegisterStackTransform(self, callback: callback_pb2.Callback) -> empty_pb2.Empty:  # noqa: N802
        """Run a function for every later resource."""
        self._transforms.add(callback)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(  # noqa: N802
        self, callback: callback_pb2.Callback
    ) -> empty_pb2.Empty:
        """Run a function for every later data source."""
        self._transforms.add_invoke(callback)
        return empty_pb2.Empty()

    def RegisterResourceHook(self, _request: object) -> empty_pb2.Empty:  # noqa: N802
        """Agree: hooks run around real changes, and a preview makes none."""
        return empty_pb2.Empty()

    RegisterErrorHook = RegisterResourceHook

    def GetDeploymentInfo(self, _request: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:  # noqa: N802
        """Return what is supported."""
        return resource_pb2.DeploymentInfo(supportedFeatures=FEATURES)

    def SupportsFeature(self, _request: object) -> resource_pb2.SupportsFeatureResponse:  # noqa: N802
        """Agree, for an SDK that asks one by one."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def SignalAndWaitForShutdown(self, _request: empty_pb2.Empty) -> empty_pb2.Empty:  # noqa: N802
        """Let the program end at once."""
        return empty_pb2.Empty()

    def _node(
        self,
        request: resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest,
        kind: Kind,
    ) -> Node:
        urn = make_urn(
            self.graph.stack, self.graph.project, request.parent, request.type, request.name
        )
        return Node(
            urn=urn,
            type=request.type,
            name=request.name,
            kind=kind,
            parent=request.parent,
            provider=provider_urn(request.provider),
            source="" if kind is Kind.STACK else source_of(request, self._root),
        )

    def _add(self, node: Node) -> None:
        if first := self.graph.nodes.get(node.urn):
            elsewhere = "a line outside the program"
            msg = (
                f"duplicate resource URN {node.urn!r}: made at {first.source or elsewhere} "
                f"and again at {node.source or elsewhere}, so give one another name"
            )
            raise Refused(msg)
        node.label = self._states.label(node)
        self.graph.nodes[node.urn] = node

    def _created(
        self, node: Node, inputs: struct_pb2.Struct
    ) -> resource_pb2.RegisterResourceResponse:
        added = self._states.fill(node)
        answer = resource_pb2.RegisterResourceResponse(urn=node.urn, id=node.id)
        if node.state:
            answer.object.CopyFrom(inputs)
        answer.object.MergeFrom(to_struct(added))
        return answer

    def _inherit(self, parent: str, options: dict[str, Any]) -> dict[str, Any]:
        """Add what the engine lets a child inherit."""
        above = self.graph.nodes[parent].options if parent in self.graph.nodes else {}
        inherited = {name: above[name] for name in _INHERITED if name in above}
        return dict(sorted({**inherited, **options}.items()))

    def _ancestors(self, urn: str) -> Iterator[str]:
        while node := self.graph.nodes.get(urn):
            yield node.urn
            urn = node.parent

    def _known(self, urn: Any) -> resource_pb2.ResourceInvokeResponse:
        node = self.graph.nodes.get(str(urn))
        if node is None:
            msg = f"no resource has the URN {urn!r}"
            raise Refused(msg)
        found = {"urn": node.urn, "id": node.id, "state": node.state or node.outputs}
        return resource_pb2.ResourceInvokeResponse(**returning(found))
