"""Names: which ones a component accepts, and how long ones are cut to what AWS takes."""

import hashlib
import re

LONGEST = 24
"""Characters of a component's name. Pulumi adds a dash and seven hex digits, and a load balancer's
or target group's physical name ends at 32 characters
(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html).
"""

STACK_TAG = "plinth:stack"
"""Tag of every group of instances, by which a command finds those of a stack."""

_ALLOWED = re.compile(r"[a-z](-?[a-z0-9])*")


def check_name(component: str, name: str, *, longest: int = LONGEST) -> None:
    """Refuse a name that some child could not carry to AWS.

    Args:
        component: What is being named, for the message: ``postgres``.
        name: The component's logical name, the prefix of every child's.
        longest: Characters allowed, where a child's role needs part of the 24.

    Raises:
        ValueError: It is too long, or not lower-case letters, digits and single dashes.
    """
    if not _ALLOWED.fullmatch(name):
        msg = (
            f"{component} {name!r} needs a name of lower-case letters, digits and single dashes "
            f"that starts with a letter: {_suggest(name)!r} would do"
        )
        raise ValueError(msg)
    if len(name) > longest or name.startswith("internal-"):
        need = f"at most {longest} characters and no leading 'internal-'"
        msg = f"{component} {name!r} needs a name of {need}: it has {len(name)}, so shorten it"
        raise ValueError(msg)


def physical_name(*parts: str, limit: int) -> str:
    """Join parts to a name that AWS wants spelled out, unique although it is cut to a limit.

    The same parts give the same name; parts that differ only past the cut differ in its last
    six characters.
    """
    whole = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
    if len(whole) <= limit:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:6]
    return f"{whole[: limit - 7].rstrip('-')}-{digest}"


def stack_label(project: str, stack: str) -> str:
    """Name a stack among those of all projects: ``shop/prod``."""
    return f"{project}/{stack}"


def _suggest(name: str) -> str:
    letters = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return letters.lstrip("0123456789-")[:LONGEST].rstrip("-") or "main"
