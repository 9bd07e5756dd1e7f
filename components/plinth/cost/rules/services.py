"""What keeps, runs and watches: S3, secrets, keys, logs, alarms, functions and queues."""

from decimal import Decimal

from plinth.cost.bill import Bill, number, section, sections, truth
from plinth.cost.lines import Range

FLOW_LOG = "aws:ec2/flowLog:FlowLog"

_DAYS = Decimal("30.4")
"""In a month."""

_FOREVER = 365
"""Days of logs that are charged where they are kept for ever: the first year's."""

_MINUTE = 60
_MIB = 1024


def bucket(bill: Bill) -> None:
    """Charge what is in a bucket, and the requests for it."""
    bill.charge("objects", "s3.gb_month", bill.assume("bucket_gb"))
    bill.charge("objects written", "s3.puts", bill.assume("bucket_puts_thousands"))
    bill.charge("objects read", "s3.gets", bill.assume("bucket_gets_thousands"))


def repository(bill: Bill) -> None:
    """Charge the layers in an image repository, each of which counts once."""
    bill.charge("images", "ecr.gb_month", bill.assume("repository_gb"))


def secret(bill: Bill) -> None:
    """Charge a secret, and reading it."""
    bill.charge("secret", "secret.month", 1)
    bill.charge("reading it", "secret.reads", bill.assume("secret_reads_thousands"))


def key(bill: Bill) -> None:
    """Charge a key of one's own, and using it."""
    bill.charge("key", "kms.key", 1)
    bill.charge("requests", "kms.requests", bill.assume("key_uses_thousands"))


def log_group(bill: Bill) -> None:
    """Charge what is written to a log group, and what is kept of it."""
    flows = any(
        bill.stack.find(log["inputs"].get("logDestination")) is bill.resource
        for log in bill.stack.all(FLOW_LOG)
    )
    seldom = bill.inputs.get("logGroupClass") == "INFREQUENT_ACCESS"
    written = bill.assume("flow_log_gb" if flows else "log_gb")
    price = "logs.vended" if flows else "logs.ingest"
    bill.charge("logs written", "logs.ingest.infrequent" if seldom else price, written)
    days = bill.number("retentionInDays", 0) or Decimal(_FOREVER)
    note = "" if bill.inputs.get("retentionInDays") else "kept for ever: one year's"
    kept = written * bill.assume("log_stored_ratio") * days / _DAYS
    bill.charge("logs kept", "logs.stored", kept.quantize(Decimal("0.001")), note=note)


def metric_filter(bill: Bill) -> None:
    """Charge the metric that a filter makes of a log."""
    bill.charge("metric", "metric", 1)


def flow_log(bill: Bill) -> None:
    """Charge flow logs to S3; those to CloudWatch are charged at their log group."""
    if bill.inputs.get("logDestinationType") == "s3":
        bill.charge("delivered to S3", "logs.vended.s3", bill.assume("flow_log_gb"))


def alarm(bill: Bill) -> None:
    """Charge an alarm for each metric that it looks at."""
    queries = sections(bill.inputs, "metricQueries")
    metrics = [section(query, "metric") for query in queries if query.get("metric")]
    period = bill.number("period", _MINUTE)
    periods = [period, *(number(metric.get("period")) for metric in metrics)]
    fast = any(found is not None and found < _MINUTE for found in periods)
    bill.charge("alarm", "alarm.fast" if fast else "alarm.standard", max(len(metrics), 1))


def composite_alarm(bill: Bill) -> None:
    """Charge an alarm on other alarms."""
    bill.charge("composite alarm", "alarm.composite", 1)


def scaling_policy(bill: Bill) -> None:
    """Charge the alarms that target tracking makes: one to grow by, one to shrink by."""
    tracking = section(bill.inputs, "targetTrackingConfiguration")
    if not tracking:
        return
    custom = sections(section(tracking, "customizedMetricSpecification"), "metrics")
    most = 2 * max(sum("metricStat" in query for query in custom), 1)
    least = most // 2 if truth(tracking.get("disableScaleIn")) else most
    bill.charge("its alarms", "alarm.standard", Range(Decimal(least), Decimal(most)))


def dashboard(bill: Bill) -> None:
    """Charge a dashboard."""
    bill.charge("dashboard", "dashboard", 1)


def function(bill: Bill) -> None:
    """Charge the runs of a function, and the metrics that it publishes."""
    runs = bill.assume("function_calls_thousands")
    bill.charge("requests", "lambda.requests", runs / 1000)
    memory = bill.number("memorySize", 128)
    processor = (bill.inputs.get("architectures") or ["x86_64"])[0]
    if memory is None:
        bill.skip("function whose memory is known only after a deployment")
    else:
        seconds = runs * bill.assume("function_milliseconds") * memory / _MIB
        bill.charge("time", f"lambda.{processor}.gb_second", seconds)
    bill.charge("metrics of its own", "metric", bill.assume("function_metrics"))


def topic(bill: Bill) -> None:
    """Charge messages to a topic."""
    messages = bill.assume("topic_messages_thousands") / 1000
    bill.charge("messages", "sns.publishes", messages)


def queue(bill: Bill) -> None:
    """Charge requests to a queue."""
    bill.charge("requests", "sqs.requests", bill.assume("queue_requests_millions"))


def parameter(bill: Bill) -> None:
    """Charge nothing for a standard parameter."""
    if bill.inputs.get("tier", "Standard") != "Standard":
        bill.skip("parameter of the advanced tier: use the standard one, or a secret")
