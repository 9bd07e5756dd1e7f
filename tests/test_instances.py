"""What an instance type's name tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plinth._fleet.instances import Architecture, ami, architecture, one_architecture, vcpus


@pytest.mark.parametrize(
    ("instance_type", "built", "count"),
    [
        ("t4g.nano", "arm64", 2),
        ("t4g.medium", "arm64", 2),
        ("t3a.small", "x86_64", 2),
        ("m7g.medium", "arm64", 1),
        ("m7g.large", "arm64", 2),
        ("c7gn.xlarge", "arm64", 4),
        ("is4gen.2xlarge", "arm64", 8),
        ("a1.xlarge", "arm64", 4),
        ("g4dn.xlarge", "x86_64", 4),
        ("g5g.xlarge", "arm64", 4),
        ("m7i-flex.4xlarge", "x86_64", 16),
        ("i7ie.12xlarge", "x86_64", 48),
        ("p6e-gb200.36xlarge", "arm64", 144),
    ],
)
def test_type_is_read(instance_type: str, built: str, count: int) -> None:
    """Graviton types have a ``g`` among their attributes, and vCPUs follow from the size."""
    assert architecture(instance_type) == built
    assert vcpus(instance_type) == count


@pytest.mark.parametrize(
    "wrong",
    ["", "t4g", "db.t4g.small", "m7g.metal", "c7i.metal-24xl", "mac2.large", "t2.micro", "m7g.big"],
)
def test_other_names_are_refused(wrong: str) -> None:
    """What has no known count of vCPUs is refused, with a type that would do."""
    with pytest.raises(ValueError, match=r"use one such as t4g\.small"):
        vcpus(wrong)


@given(st.integers(min_value=1, max_value=64))
def test_vcpus_are_four_per_xlarge(multiple: int) -> None:
    """Twice the size is twice the vCPUs."""
    assert vcpus(f"m7g.{multiple}xlarge") == 4 * multiple


def test_group_has_one_architecture() -> None:
    """One container image and one machine image must run on all types of a group."""
    assert one_architecture(["m7g.large", "c7g.large"]) is Architecture.ARM64
    with pytest.raises(ValueError, match=r"m7i\.large is x86_64.*drop the odd ones"):
        one_architecture(["m7g.large", "m7i.large"])
    with pytest.raises(ValueError, match="none given"):
        one_architecture([])


def test_machine_image_is_looked_up_at_launch() -> None:
    """A reference needs no invoke, and a new image of Amazon Linux makes no change by itself."""
    assert ami(Architecture.ARM64) == (
        "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    )
    assert ami(Architecture.X86_64).endswith("-x86_64")
