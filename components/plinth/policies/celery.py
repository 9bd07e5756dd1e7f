"""What loses tasks, or runs them twice."""

import re
from collections.abc import Iterator, Sequence

from plinth.preview.export import ResourceRecord

from .model import Finding, Rule, Severity, Whole
from .platform import Platform
from .queues import TEMPLATE, broker_groups, celery_lines, fleets
from .reading import blocks, boot_script, is_unknown, number

_POLICY = "aws:autoscaling/policy:Policy"
_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
_HOOK = "aws:autoscaling/lifecycleHook:LifecycleHook"
_LEAVING = "autoscaling:EC2_INSTANCE_TERMINATING"
_CPU = ("ASGAverageCPUUtilization", "CPUUtilization")
_DEFAULT_EVICTION = "volatile-lru"
"""https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html"""
_OPTIMIZING = "https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html"
_REDIS = "https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html"


def _evicting(platform: Platform) -> Iterator[Finding]:
    for broker in broker_groups(platform):
        groups = platform.behind(broker, "parameterGroupName")
        policy = _eviction(groups[0]) if groups else _DEFAULT_EVICTION
        if policy != "noeviction" and not is_unknown(policy):
            yield Finding(
                resource=broker,
                sentence=f"maxmemory-policy is {policy}: when it is full, tasks vanish",
            )


def _eviction(group: ResourceRecord) -> str:
    given = {p.get("name"): p.get("value") for p in blocks(group["inputs"].get("parameters"))}
    return str(given.get("maxmemory-policy", _DEFAULT_EVICTION))


def _embedded_beat(platform: Platform) -> Iterator[Finding]:
    for template in platform.all(TEMPLATE):
        for words in celery_lines(template, "worker"):
            flags = [w for w in words if w == "--beat" or re.fullmatch(r"-[EB]*B[EB]*", w)]
            if flags:
                yield Finding(
                    resource=template,
                    sentence=f"its workers run with {flags[0]}: each sends every periodic task",
                )


def _many_beats(platform: Platform) -> Iterator[Finding]:
    for group, template in fleets(platform, "beat"):
        most = group["inputs"].get("maxSize")
        if number(most) > 1 and "redbeat" not in boot_script(template).lower():
            yield Finding(resource=group, sentence=f"max_size is {most}: each sends every task")


def _blind(platform: Platform) -> Iterator[Finding]:
    for group, _ in fleets(platform, "worker"):
        inputs = group["inputs"]
        policies = platform.users(group, _POLICY, "autoscalingGroupName")
        if number(inputs.get("maxSize")) <= number(inputs.get("minSize")):
            continue
        if not policies:
            yield Finding(resource=group, sentence="nothing scales it")
        elif all(_looks_at_cpu(platform, policy) for policy in policies):
            yield Finding(
                resource=group, sentence="only CPU scales it: tasks that wait for others use none"
            )


def _looks_at_cpu(platform: Platform, policy: ResourceRecord) -> bool:
    tracked = [
        str(metric.get("predefinedMetricType"))
        for block in blocks(policy["inputs"].get("targetTrackingConfiguration"))
        for metric in blocks(block.get("predefinedMetricSpecification"))
    ]
    alarms = platform.users(policy, _ALARM, "alarmActions")
    watched = tracked + [str(alarm["inputs"].get("metricName")) for alarm in alarms]
    return bool(watched) and all(metric in _CPU for metric in watched)


def _cut_off(platform: Platform) -> Iterator[Finding]:
    for group, _ in fleets(platform, "worker"):
        hooks = [
            *blocks(group["inputs"].get("initialLifecycleHooks")),
            *(hook["inputs"] for hook in platform.users(group, _HOOK, "autoscalingGroupName")),
        ]
        if not any(hook.get("lifecycleTransition") == _LEAVING for hook in hooks):
            yield Finding(resource=group, sentence="scaling in cuts running tasks off")


def _twice(platform: Platform) -> Iterator[Finding]:
    for template in platform.all(TEMPLATE):
        for words in celery_lines(template, "worker"):
            line = " ".join(words)
            limits = _numbers("task_time_limit", line)
            visible = _numbers("visibility_timeout", line)
            if limits and visible and min(visible) <= max(limits):
                yield Finding(
                    resource=template,
                    sentence=(
                        f"visibility_timeout of {min(visible)} s is not above task_time_limit of "
                        f"{max(limits)} s: a long task is handed out again while it runs"
                    ),
                )


def _numbers(name: str, text: str) -> Sequence[int]:
    return [int(n) for n in re.findall(rf"\b{name}\W+(?:\(json\))?(\d+)", text)]


RULES: tuple[Rule, ...] = (
    Rule(
        id="broker-never-evicts",
        severity=Severity.ERROR,
        sentence="The Redis that Celery queues in never evicts.",
        remedy="use a RedisBroker, or set maxmemory-policy to noeviction in its parameter group",
        link=_REDIS,
        check=Whole(_evicting),
    ),
    Rule(
        id="workers-without-beat",
        severity=Severity.ERROR,
        sentence="Workers do not run the scheduler inside (-B).",
        remedy="take -B out of the command, and run a CeleryBeat",
        link=_OPTIMIZING,
        check=Whole(_embedded_beat),
    ),
    Rule(
        id="one-beat",
        severity=Severity.ERROR,
        sentence="A scheduler without a lock runs once.",
        remedy="set max_size=1, or use RedBeat, which holds a lock",
        link=_OPTIMIZING,
        check=Whole(_many_beats),
    ),
    Rule(
        id="workers-scale-on-load",
        severity=Severity.ERROR,
        sentence="Queue workers scale by their queue, not by CPU alone.",
        remedy="add a policy on the load per slot, as CeleryWorkers does",
        link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-using-sqs-queue.html",
        check=Whole(_blind),
    ),
    Rule(
        id="workers-drain",
        severity=Severity.ERROR,
        sentence="A worker that must go may finish its tasks first.",
        remedy="add a lifecycle hook for EC2_INSTANCE_TERMINATING, and stop the workers in it",
        link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html",
        check=Whole(_cut_off),
    ),
    Rule(
        id="tasks-run-once",
        severity=Severity.ERROR,
        sentence="A broker waits longer for a task than the task may take.",
        remedy="set broker_transport_options' visibility_timeout above task_time_limit",
        link=_REDIS,
        check=Whole(_twice),
    ),
)
