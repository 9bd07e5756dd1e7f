"""The Kubernetes objects of a stack, as YAML that other tools read."""

from .objects import Manifest, manifests, skipped
from .write import to_yaml

__all__ = ["Manifest", "manifests", "skipped", "to_yaml"]
