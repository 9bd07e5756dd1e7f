"""What Auto Scaling says of groups and their instance refreshes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plinth.names import STACK_TAG

MOVING = frozenset({"Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"})
"""Statuses of a refresh that goes on; any other is an end
(https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html)."""

SUCCESSFUL = "Successful"
CANCELLED = "Cancelled"

_COMPLAINTS = 3
"""Scaling activities to tell of: the newest are the telling ones."""


class NoGroupError(LookupError):
    """There is no such group; the message says where was looked."""


@dataclass(frozen=True, kw_only=True)
class Refresh:
    """The replacement of a group's instances, or what became of it."""

    id: str
    status: str
    reason: str = ""
    percent: int = 0
    left: int | None = None
    """Instances that are still to be replaced."""
    started: datetime | None = None

    @property
    def moves(self) -> bool:
        """Tell whether it goes on."""
        return self.status in MOVING

    @property
    def sentence(self) -> str:
        """Say how far it is."""
        left = f", {self.left} to replace" if self.left and self.moves else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.status}, {self.percent} %{left}{reason}"


@dataclass(frozen=True, kw_only=True)
class Members:
    """The instances of a group that are to stay."""

    version: str
    """Number of the launch template's version that all should run; empty if nobody can tell."""
    running: Sequence[str]
    """The version that each one runs."""

    @property
    def agree(self) -> bool:
        """Tell whether all run what they should."""
        return bool(self.version) and set(self.running) <= {self.version}

    @property
    def sentence(self) -> str:
        """Say how many run what they should."""
        current = sum(each == self.version for each in self.running)
        return f"{current} of {len(self.running)} instances run version {self.version}"


class Scaling:
    """Auto Scaling in one region of one account."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def of_stack(self, label: str) -> list[str]:
        """Name the groups that carry the tag of a stack.

        Raises:
            NoGroupError: There are none.
        """
        named = [{"Name": f"tag:{STACK_TAG}", "Values": [label]}]
        found = sorted(group["AutoScalingGroupName"] for group in self._groups(Filters=named))
        if not found:
            region = self._client.meta.region_name
            msg = (
                f"no autoscaling group in {region} is tagged {STACK_TAG}={label}: is this the "
                "account, and the region? Name groups made elsewhere by --group"
            )
            raise NoGroupError(msg)
        return found

    def members(self, name: str) -> Members:
        """Look at the instances of a group.

        Raises:
            NoGroupError: There is no such group.
        """
        for group in self._groups(AutoScalingGroupNames=[name]):
            template = group.get("LaunchTemplate") or _mixed(group)
            version = str(template.get("Version", ""))
            staying = (
                each
                for each in group["Instances"]
                if not each["LifecycleState"].startswith("Terminat")
            )
            return Members(
                # "$Latest" is what it was when each instance started.
                version=version if version.isdigit() else "",
                running=[str(each.get("LaunchTemplate", {}).get("Version")) for each in staying],
            )
        msg = f"there is no autoscaling group {name!r} in {self._client.meta.region_name}"
        raise NoGroupError(msg)

    def newest(self, name: str) -> Refresh | None:
        """Look at the newest refresh of a group; Auto Scaling forgets them after six weeks."""
        answer = self._client.describe_instance_refreshes(AutoScalingGroupName=name, MaxRecords=1)
        for found in answer["InstanceRefreshes"]:  # newest first
            back = found.get("RollbackDetails", {}).get("RollbackReason", "")
            return Refresh(
                id=found["InstanceRefreshId"],
                status=found["Status"],
                reason=" ".join(filter(None, (found.get("StatusReason", ""), back))),
                percent=found.get("PercentageComplete", 0),
                left=found.get("InstancesToUpdate"),
                started=found.get("StartTime"),
            )
        return None

    def complaints(self, name: str, since: datetime | None) -> list[str]:
        """List what did not work lately in a group: why instances did not start, for one."""
        answer = self._client.describe_scaling_activities(AutoScalingGroupName=name, MaxRecords=50)
        failed = [
            f"{activity['Description']}: {activity.get('StatusMessage') or activity['Cause']}"
            for activity in answer["Activities"]
            if activity["StatusCode"] in ("Failed", "Cancelled")
            and (since is None or activity["StartTime"] >= since)
        ]
        return failed[:_COMPLAINTS]

    def _groups(self, **which: Any) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("describe_auto_scaling_groups").paginate(**which)
        for page in pages:
            yield from page["AutoScalingGroups"]


def _mixed(group: dict[str, Any]) -> dict[str, Any]:
    policy = group.get("MixedInstancesPolicy", {})
    return policy.get("LaunchTemplate", {}).get("LaunchTemplateSpecification", {})
