"""Where alarms go: one SNS topic, and who reads it."""

import re
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
from pydantic import Field, field_validator

from .names import check_name
from .settings import Settings

__all__ = ["AlarmTopic", "AlarmTopicSettings"]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class AlarmTopicSettings(Settings, frozen=True):
    """Who is told."""

    emails: tuple[str, ...] = Field(default=())
    """Addresses that get every alarm; each must confirm once, by a link that AWS sends it. A pager
    or a chat subscribes to the topic by itself."""

    @field_validator("emails")
    @classmethod
    def _addresses(cls, emails: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [each for each in emails if not _EMAIL.fullmatch(each)]
        if wrong or len(set(emails)) < len(emails):
            msg = f"{list(emails)} need to be distinct e-mail addresses: correct or drop one"
            raise ValueError(msg)
        return emails


class AlarmTopic(pulumi.ComponentResource):
    """The one topic that a stack's alarms tell when they begin and when they are over.

    It is not encrypted by a key: CloudWatch cannot use AWS's own for SNS, and an alarm's text
    holds no secret.

    Args:
        name: Names the component and its children.
        settings: Who is told; unconfigured, whoever subscribes by other means.
        tags: Added to every child, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    topic_arn: pulumi.Output[str]
    """ARN of the topic."""

    def __init__(
        self,
        name: str,
        settings: AlarmTopicSettings = AlarmTopicSettings(),
        *,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("alarm topic", name)
        super().__init__("plinth:index:AlarmTopic", name, settings.model_dump(mode="json"), opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(name, tags={"Name": name, **(tags or {})}, opts=child)
        for email in settings.emails:
            aws.sns.TopicSubscription(
                f"{name}-{email}", topic=topic.arn, protocol="email", endpoint=email, opts=child
            )
        self.topic_arn = topic.arn
        self.register_outputs({"topic_arn": self.topic_arn})
