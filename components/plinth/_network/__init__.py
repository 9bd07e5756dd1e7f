"""The parts of a network: settings, NAT, endpoints, flow logs and route tables."""

from collections.abc import Callable, Mapping

Tags = Callable[[str], Mapping[str, str]]
"""Gives a child's tags from the child's name."""
