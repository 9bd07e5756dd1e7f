"""What an instance type's name tells: architecture, vCPUs, memory, and the image that fits."""

import re
from collections.abc import Sequence
from enum import StrEnum

NAMED = re.compile(r"([a-z]+)(\d+)([a-z]*)(-[a-z0-9]+)?\.([a-z0-9-]+)")
"""Series, generation, attributes, a suffix such as ``-flex``, and size
(https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html)."""

SMALLER_THAN_XLARGE = {"nano": 2, "micro": 2, "small": 2, "medium": 1, "large": 2, "xlarge": 4}

STEADY = {
    "nano": 0.05,
    "micro": 0.1,
    "small": 0.2,
    "medium": 0.2,
    "large": 0.3,
    "xlarge": 0.4,
    "2xlarge": 0.4,
}
"""Share of each vCPU that a burstable type may use all the time
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html)."""

BURSTABLE_GIB = {"nano": 0.5, "micro": 1, "small": 2, "medium": 4}
"""Memory of the small burstable types."""

GIB_PER_VCPU = {"t": 4, "m": 4, "r": 8, "x": 16}
"""Memory of the others, by the series: ``c`` has 2, and nearly all the rest have more."""

IRREGULAR = {"hpc", "mac", "t1", "t2", "u"}
"""Series whose vCPUs do not follow from the size, or that do not boot Amazon Linux."""


class Architecture(StrEnum):
    """Processors that Amazon Linux is built for."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


def architecture(instance_type: str) -> Architecture:
    """Tell the processor of an instance type; Graviton types carry a ``g`` after the digit."""
    series, generation, attributes, suffix, _ = _parts(instance_type)
    graviton = "g" in attributes or series + generation == "a1" or suffix.startswith("-gb")
    return Architecture.ARM64 if graviton else Architecture.X86_64


def vcpus(instance_type: str) -> int:
    """Count the vCPUs of an instance type, which follow from its size: 4 per ``xlarge``."""
    series, _, _, _, size = _parts(instance_type)
    if series == "t" and size == "medium":
        return 2
    multiple = re.fullmatch(r"(\d+)xlarge", size)
    if multiple is None and size not in SMALLER_THAN_XLARGE:
        msg = f"instance type {instance_type!r} has no known count of vCPUs: {_WANTED}"
        raise ValueError(msg)
    return 4 * int(multiple[1]) if multiple else SMALLER_THAN_XLARGE[size]


def steady_vcpus(instance_type: str) -> float:
    """Count the vCPUs that an instance may use all the time: a burstable one has only a share."""
    series, _, _, _, size = _parts(instance_type)
    return vcpus(instance_type) * (STEADY.get(size, 1) if series == "t" else 1)


def gib(instance_type: str) -> float:
    """Tell the memory of an instance type; of a series not known here, the least there is."""
    series, _, _, _, size = _parts(instance_type)
    if series == "t" and size in BURSTABLE_GIB:
        return BURSTABLE_GIB[size]
    return vcpus(instance_type) * GIB_PER_VCPU.get(series, 2)


def one_architecture(instance_types: Sequence[str]) -> Architecture:
    """Tell the architecture that all of several types share, as one image must."""
    by_type = {each: architecture(each) for each in instance_types}
    if len(set(by_type.values())) != 1:
        mixed = ", ".join(f"{each} is {built}" for each, built in by_type.items()) or "none given"
        msg = f"instance types of one group need one architecture ({mixed}): drop the odd ones"
        raise ValueError(msg)
    return by_type[instance_types[0]]


def ami(built: Architecture) -> str:
    """Refer to the newest Amazon Linux 2023; EC2 looks it up at every launch.

    https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
    """
    return (
        f"resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{built.value}"
    )


_WANTED = "use one such as t4g.small or m7g.xlarge"


def _parts(instance_type: str) -> tuple[str, str, str, str, str]:
    named = NAMED.fullmatch(instance_type)
    if named is None or {named[1], named[1] + named[2]} & IRREGULAR:
        msg = f"instance type {instance_type!r} cannot carry a tier: {_WANTED}"
        raise ValueError(msg)
    return named[1], named[2], named[3], named[4] or "", named[5]
