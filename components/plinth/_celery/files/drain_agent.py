"""Stop a unit when its instance must go, and tell Auto Scaling when it has: see ``--help``.

Asks the instance metadata service every few seconds. A target state of ``Terminated`` means
scale-in, instance refresh or a rebalance: the lifecycle hook holds the instance until this agent
completes it. A spot notice leaves two minutes, hook or none. A rebalance recommendation needs
nothing: Auto Scaling launches a substitute and then sends the former.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

METADATA = "http://169.254.169.254/latest"
TOKEN_SECONDS = 21600
SPOT = "meta-data/spot/instance-action"
TARGET = "meta-data/autoscaling/target-lifecycle-state"

LOG = logging.getLogger("drain-agent")


@dataclass
class Metadata:
    """The instance metadata service, version 2."""

    base: str
    token: str = ""
    expires: float = 0.0

    def get(self, path: str) -> str | None:
        """Read a value; None where there is none, as for a notice that has not come."""
        try:
            return fetch(f"{self.base}/{path}", "GET", {"X-aws-ec2-metadata-token": self.key()})
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            self.expires = 0.0
            raise

    def need(self, path: str) -> str:
        """Read a value that every instance has."""
        value = self.get(path)
        if value is None:
            message = f"the metadata service has no {path}"
            raise ValueError(message)
        return value

    def key(self) -> str:
        """Return a session token that is still good."""
        if time.monotonic() >= self.expires:
            seconds = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)}
            self.token = fetch(f"{self.base}/api/token", "PUT", seconds)
            self.expires = time.monotonic() + TOKEN_SECONDS / 2
        return self.token


@dataclass
class Agent:
    """What the agent was told, and how far it has come."""

    metadata: Metadata
    unit: str
    hook: str
    spot_seconds: float
    deadline: Path
    beat: float
    stopping: subprocess.Popen[bytes] | None = None
    notified: bool = False
    beaten: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch until the instance may go."""
    options = parse(arguments)
    agent = Agent(
        metadata=Metadata(options.metadata),
        unit=options.unit,
        hook=options.hook,
        spot_seconds=options.spot_seconds,
        deadline=options.deadline,
        beat=options.beat,
    )
    while not finished(agent):
        time.sleep(options.every)
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--unit", required=True, help="the systemd unit to stop")
    parser.add_argument("--hook", required=True, help="the lifecycle hook to complete")
    parser.add_argument("--spot-seconds", type=float, required=True, help="drain after a notice")
    parser.add_argument("--deadline", type=Path, default=Path("/run/plinth-drain-deadline"))
    parser.add_argument("--metadata", default=METADATA)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between looks")
    parser.add_argument("--beat", type=float, default=60.0, help="seconds between heartbeats")
    return parser.parse_args(arguments)


def finished(agent: Agent) -> bool:
    """Look once, and do what follows; a failure is logged, and the next look tries again."""
    try:
        return step(agent)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        LOG.warning("%r", error)
        return False


def step(agent: Agent) -> bool:
    """Look for a reason to go, and act on it; tell whether all is done."""
    notice = agent.metadata.get(SPOT)
    leaving = agent.metadata.get(TARGET) == "Terminated"
    if notice and not agent.notified:
        hurry(agent, notice)
    if (notice or leaving) and agent.stopping is None:
        LOG.info("stopping %s: %s", agent.unit, notice or "the group lets the instance go")
        agent.stopping = subprocess.Popen(["systemctl", "stop", agent.unit])  # noqa: S603, S607
        agent.beaten = time.monotonic()
    return leaving and report(agent)


def hurry(agent: Agent, notice: str) -> None:
    """Leave the stop script a deadline; it may be waiting already."""
    LOG.info("spot interruption: %s", notice)
    agent.deadline.write_text(str(time.time() + agent.spot_seconds))
    agent.notified = True


def report(agent: Agent) -> bool:
    """Complete the hook once the unit has stopped; until then, say that it is still at it."""
    if agent.stopping is not None and agent.stopping.poll() is not None:
        LOG.info("stopped, exit %s", agent.stopping.returncode)
        return call(agent, "complete-lifecycle-action", "--lifecycle-action-result", "CONTINUE")
    if time.monotonic() - agent.beaten >= agent.beat:
        agent.beaten = time.monotonic()
        call(agent, "record-lifecycle-action-heartbeat")
    return False


def call(agent: Agent, action: str, *options: str) -> bool:
    """Tell Auto Scaling something about this instance; tell whether it took it."""
    instance = agent.metadata.need("meta-data/instance-id")
    region = agent.metadata.need("meta-data/placement/region")
    group = group_of(instance, region)
    about = ["--instance-id", instance, "--auto-scaling-group-name", group]
    hook = ["--lifecycle-hook-name", agent.hook]
    return aws(region, action, *about, *hook, *options).returncode == 0


def group_of(instance: str, region: str) -> str:
    """Ask which group the instance is in: its name is not known when user data is written."""
    what = ["--query", "AutoScalingInstances[0].AutoScalingGroupName", "--output", "text"]
    asked = aws(region, "describe-auto-scaling-instances", "--instance-ids", instance, *what)
    asked.check_returncode()
    return asked.stdout.strip()


def aws(region: str, action: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Auto Scaling; what it complains about goes to the journal."""
    command = ["aws", "autoscaling", action, "--region", region, *options]
    return subprocess.run(  # noqa: S603
        command, stdout=subprocess.PIPE, text=True, check=False, timeout=30
    )


def fetch(url: str, method: str, headers: dict[str, str]) -> str:
    """Ask the metadata service."""
    request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310
        return answer.read().decode()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="drain-agent: %(message)s")
    raise SystemExit(main())
