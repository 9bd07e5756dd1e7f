"""The variables of a tier: its own and those its services bring, each by one source only."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from plinth.environment import Variable
from plinth.wiring import SecretText, Service

from .boot import env_file

VARIABLES = (
    Variable(name="AWS_DEFAULT_REGION", meaning="The region it runs in, as boto3 looks for it."),
    Variable(
        name="INSTANCE_ID",
        meaning="The instance it runs on, ``i-0123456789abcdef0``, or the pod that it is.",
    ),
)
"""What every process finds, whatever its tier."""

_ALLOWED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What a tier's processes find in their environment."""

    variables: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Values that may be read in user data."""
    secrets: Mapping[str, SecretText] = field(default_factory=dict[str, SecretText])
    """Values that the instance puts together at boot."""

    @property
    def names(self) -> frozenset[str]:
        """Every variable there is."""
        return frozenset({*self.variables, *self.secrets})


def gather(
    component: str,
    name: str,
    own: Mapping[str, Mapping[str, pulumi.Input[str]]],
    uses: Sequence[Service],
) -> Environment:
    """Merge a tier's variables, and refuse one that two sources bring.

    Args:
        component: What is being made, for messages: ``web tier``.
        name: Its name.
        own: The tier's own variables, by what brings them: ``{"settings.environment": {...}}``.
        uses: The services that bring the rest.
    """
    brought = {each.name: "every instance" for each in VARIABLES}
    variables: dict[str, pulumi.Input[str]] = {}
    secrets: dict[str, SecretText] = {}
    for source, plain in own.items():
        _claim(f"{component} {name!r}", plain, source, brought)
        env_file({key: value for key, value in plain.items() if isinstance(value, str)})
        variables |= plain
    for service in uses:
        names = [*service.environment, *service.secrets]
        _claim(f"{component} {name!r}", names, repr(service.pulumi_resource_name), brought)
        variables |= service.environment
        secrets |= service.secrets
    return Environment(variables=variables, secrets=secrets)


def _claim(tier: str, names: Iterable[str], source: str, brought: dict[str, str]) -> None:
    for variable in names:
        if not _ALLOWED.fullmatch(variable):
            msg = (
                f"{tier} gets variable {variable!r} from {source}, which needs a name of letters, "
                "digits and '_' that starts with no digit: rename it"
            )
            raise ValueError(msg)
        if variable in brought:
            msg = (
                f"{tier} gets variable {variable} from both {brought[variable]} and {source}: "
                "drop one of them"
            )
            raise ValueError(msg)
        brought[variable] = source
