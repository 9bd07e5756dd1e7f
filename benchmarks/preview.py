"""How fast is a preview? Prints ratios, which a slow machine changes less than seconds.

    python benchmarks/preview.py [--cwd DIR] [--largest N]

CPU seconds are of user and system together; each line is the best of its repeats.
"""

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from plinth.preview.graph import Mode
from plinth.preview.manifest import find_project
from plinth.preview.project import Runner, run_project

REPEATS = 3

PROGRAM = """
import pulumi_aws as aws
for number in range({number}):
    aws.s3.Bucket(f"bucket-{{number}}", tags={{"Number": str(number)}})
"""


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description="measure plinth preview")
    parser.add_argument("--cwd", type=Path, default=Path(), help="a Pulumi project")
    parser.add_argument("--largest", type=int, default=5000, help="resources of the largest stack")
    arguments = parser.parse_args()
    project = find_project(arguments.cwd)
    cold(project.root, project.stacks()[0])
    further(project.root)
    scaling(arguments.largest)


def cold(root: Path, stack: str) -> None:
    """Compare a preview from nothing with the imports that it cannot do without."""
    command = [sys.executable, "-m", "plinth", "preview", stack, "--cwd", str(root), "--json"]
    output, whole = child(command)
    types = [resource["type"] for resource in json.loads(output)["stacks"][0]["resources"]]
    modules = sorted({t.split(":")[1].split("/")[0] for t in types if t.startswith("aws:")})
    # The modules of pulumi_aws load themselves when something of theirs is first asked for.
    touch = "".join(f"; hasattr(pulumi_aws.{module}, 'x')" for module in modules)
    _, base = child([sys.executable, "-c", f"import pulumi, pulumi_aws{touch}"])
    print(f"bare import of pulumi and {len(modules)} modules of pulumi_aws: {base:.2f} s CPU")
    print(f"cold preview of {stack}, {len(types)} nodes: {whole:.2f} s CPU")
    print(f"ratio: {whole / base:.2f} (goal: 1.5)")


def further(root: Path) -> None:
    """Time each stack, in both modes, in a process that has previewed before."""
    project = find_project(root)
    for stack in project.stacks():
        Runner(project).run(stack)
    for stack in project.stacks():
        both = best(lambda stack=stack: [Runner(project).run(stack, mode) for mode in Mode])
        print(f"further preview of {stack}, both modes: {both:.2f} s CPU (goal: 0.5)")


def scaling(largest: int) -> None:
    """Time ever larger programs; the cost of a resource should stay the same."""
    first = 0.0
    number = 100
    while number <= largest:
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory)
            (root / "Pulumi.yaml").write_text("name: scaling\nruntime: python\n")
            (root / "__main__.py").write_text(PROGRAM.format(number=number))
            each = best(lambda root=root: run_project(root, "dev"), repeats=1) / number
        first = first or each
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{number:5} buckets: {each * 1000:.2f} ms CPU each, {each / first:.2f} times the "
            f"first; peak {memory:.0f} MB"
        )
        number = number * 10 if number * 10 <= largest or number == largest else largest


def best(run: Callable[[], object], *, repeats: int = REPEATS) -> float:
    """Return the least CPU time of several runs, collecting no garbage: nor does the command."""

    def once() -> float:
        gc.collect()
        started = time.process_time()
        run()
        return time.process_time() - started

    gc.disable()
    try:
        return min(once() for _ in range(repeats))
    finally:
        gc.enable()


def child(command: list[str]) -> tuple[str, float]:
    """Return the output of a process, and the least CPU time of several like it."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    output, times = "", list[float]()
    for _ in range(REPEATS):
        before = children()
        done = subprocess.run(  # noqa: S603 - this Python, our arguments
            command, capture_output=True, text=True, check=True, env=environment
        )
        output = done.stdout
        times.append(children() - before)
    return output, min(times)


def children() -> float:
    """Return the CPU seconds of all processes that ended so far."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
