"""What goes wrong in a program is told: all of it, with the user's own lines."""

import inspect
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from plinth.preview.failures import Failure, ProgramFailed
from plinth.preview.session import record

HERE = "tests/test_preview_recorder_failures.py"
ANYTHING: Any = object()


def failures(program: Callable[[], object]) -> list[Failure]:
    """Return what a program fails with."""
    with pytest.raises(ProgramFailed) as failed:
        record(program)
    return failed.value.failures


def line(program: Callable[..., object], text: str) -> str:
    """Return the line of a program in which a text is."""
    lines, first = inspect.getsourcelines(program)
    [offset] = [number for number, each in enumerate(lines) if text in each]
    return f"{HERE}:{first + offset}"


def test_an_exception_is_told_by_its_lines() -> None:
    """The frames of the program, and none of Pulumi's."""

    def inner() -> None:
        msg = "no"
        raise ValueError(msg)

    def program() -> None:
        inner()

    [failure] = failures(program)

    assert failure.message == "ValueError: no"
    assert failure.source == line(inner, "raise")
    assert failure.traceback.count("File ") == 2
    assert "site-packages" not in failure.traceback
    assert failure.resource == ""


def test_everything_that_fails_is_told() -> None:
    """An output, an input, a name and the program itself, at once."""

    def program() -> None:
        bucket = aws.s3.Bucket("data", bucket="x")
        bucket.bucket.apply(lambda name: int(name, 10))
        bucket.id.apply(lambda _: 1 / 0)
        aws.s3.Bucket("bad", bucket=ANYTHING)
        aws.s3.Bucket("data")
        raise LookupError

    found = {failure.source: failure for failure in failures(program)}

    assert len(found) == 5
    assert found[line(program, "10")].message.startswith("ValueError: invalid literal")
    assert found[line(program, "1 / 0")].message == "ZeroDivisionError: division by zero"
    bad = found[line(program, "ANYTHING")]
    assert bad.message == "ValueError: unexpected input of type object for bucket in Bucket"
    assert bad.resource == "aws:s3/bucket:Bucket 'bad'"
    assert found[line(program, '"data")')].message.startswith("duplicate resource URN")
    assert found[line(program, "raise")].message == "LookupError"


def test_a_duplicate_names_both_lines() -> None:
    """The engine would only say that there are two."""

    def program() -> None:
        aws.s3.Bucket("data", bucket="one")
        aws.s3.Bucket("data", bucket="two")

    [failure] = failures(program)

    assert line(program, '"one"') in failure.message
    assert line(program, '"two"') in failure.message
    assert "give one another name" in failure.message


def test_what_depends_on_a_failure_is_not_told() -> None:
    """It would have worked."""

    def program() -> None:
        bad = aws.s3.Bucket("bad", bucket=ANYTHING)
        policy = aws.s3.BucketPolicy("policy", bucket=bad.id, policy="{}")
        pulumi.export("it", policy.id.apply(len))

    [failure] = failures(program)

    assert failure.resource == "aws:s3/bucket:Bucket 'bad'"


def test_an_input_that_fails_names_its_resource() -> None:
    """The line of the apply, and what it was for."""

    def program() -> None:
        bucket = aws.s3.Bucket("data", bucket="x")
        aws.ssm.Parameter("it", type="String", value=bucket.bucket.apply(lambda v: {"a": v}[v]))

    [failure] = failures(program)

    assert failure.message == "KeyError: 'x'"
    assert failure.resource == "aws:ssm/parameter:Parameter 'it'"


def test_a_failing_coroutine_keeps_its_line() -> None:
    """Although asyncio gives the traceback away only once."""

    async def value() -> str:
        msg = "late"
        raise ValueError(msg)

    def program() -> None:
        aws.s3.Bucket("data", bucket=pulumi.Output.from_input(value()).apply(str).apply(str))

    [failure] = failures(program)

    assert failure.source == line(value, "raise")


def test_an_export_that_fails_is_told() -> None:
    """It belongs to the stack."""

    def program() -> None:
        name = aws.s3.Bucket("data", bucket="x").bucket
        pulumi.export("it", name.apply(lambda v: [v][len(v)]))

    [failure] = failures(program)

    assert failure.message == "IndexError: list index out of range"


def test_a_recovered_failure_is_none() -> None:
    """The program has taken care of it."""

    def program() -> None:
        number = aws.s3.Bucket("data", bucket="x").bucket.apply(int)
        pulumi.export("it", number.recover(lambda _: 0))

    assert record(program).exports == {"it": 0}


def test_an_output_in_a_text_is_an_error() -> None:
    """In Pulumi it is a warning, and the warning's text lands in the resource."""

    def program() -> None:
        aws.s3.Bucket("copy", bucket=f"{aws.s3.Bucket('data').id}-copy")

    [failure] = failures(program)

    assert "Calling __str__ on an Output[T] is not supported" in failure.message
    assert failure.source == line(program, "-copy")


def test_a_transform_that_fails_is_told() -> None:
    """At its own line, with the resource it was given."""

    def transform(args: pulumi.ResourceTransformArgs) -> None:
        raise KeyError(args.name)

    def program() -> None:
        aws.sqs.Queue("jobs", opts=pulumi.ResourceOptions(transforms=[transform]))

    [failure] = failures(program)

    assert failure.message == "KeyError: 'jobs'"
    assert failure.source == line(transform, "raise")
    assert failure.resource == "aws:sqs/queue:Queue 'jobs'"


def test_a_cause_that_the_program_names_is_not_taken_for_the_failure() -> None:
    """``raise ... from`` is the user's own word."""

    def program() -> None:
        try:
            int("x")
        except ValueError as error:
            msg = "no number"
            raise RuntimeError(msg) from error

    [failure] = failures(program)

    assert failure.message == "RuntimeError: no number"


def test_what_was_registered_is_kept() -> None:
    """A failure does not hide the rest of the tree."""

    def program() -> None:
        aws.s3.Bucket("data")
        raise LookupError

    with pytest.raises(ProgramFailed) as failed:
        record(program)

    assert [node.name for node in failed.value.graph.nodes.values()] == ["project-stack", "data"]


@pytest.mark.parametrize("count", [2, 5])
def test_failures_come_in_the_order_in_which_they_happened(count: int) -> None:
    """And each run tells them alike."""

    def program() -> None:
        for number in range(count):
            aws.s3.Bucket(f"b{number}", bucket="x").bucket.apply(lambda v, n=number: v[9 + n])
            aws.s3.Bucket(f"c{number}", bucket=ANYTHING)

    told = [[(f.message, f.resource) for f in failures(program)] for _ in range(5)]

    assert len(told[0]) == 2 * count
    assert all(each == told[0] for each in told)


def test_text_tells_all() -> None:
    """Where nobody catches it, the exception itself lists what went wrong."""

    def program() -> None:
        aws.s3.Bucket("bad", bucket=ANYTHING)
        raise LookupError

    with pytest.raises(ProgramFailed) as failed:
        record(program)

    raised, refused = str(failed.value).splitlines()
    assert raised == f"{line(program, 'raise')}: LookupError"
    assert refused.startswith(f"{line(program, 'ANYTHING')}: ValueError: unexpected input")
    assert refused.endswith("(aws:s3/bucket:Bucket 'bad')")
