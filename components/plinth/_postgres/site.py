"""What every part of a Postgres knows about the whole."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from plinth._postgres.settings import PostgresSettings
from plinth.names import physical_name

PORT = 5432

LONGEST_IDENTIFIER = 63
"""Characters that RDS takes in an instance's identifier
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html)."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """The component that a part is made for."""

    name: str
    settings: PostgresSettings
    tags: Mapping[str, str]
    parent: pulumi.Resource

    @property
    def child(self) -> pulumi.ResourceOptions:
        """Options of a child that needs no more."""
        return pulumi.ResourceOptions(parent=self.parent)

    @property
    def identifier(self) -> str:
        """The primary's name in AWS."""
        return self.identifier_of(self.name, origin(self.settings))

    def identifier_of(self, name: str, born: Mapping[str, Any]) -> str:
        """Name an instance of this stack in AWS."""
        return identifier(pulumi.get_project(), pulumi.get_stack(), name, born)


def origin(settings: PostgresSettings) -> dict[str, Any]:
    """Return the arguments that the primary is born with: a change of any replaces it.

    A restored database has the user and the name that its backup has, and naming them again
    would replace it should they differ.
    """
    if settings.restore is not None:
        return settings.restore.arguments()
    return {"db_name": settings.database, "username": settings.username}


def identifier(project: str, stack: str, name: str, born: Mapping[str, Any]) -> str:
    """Name an instance in AWS, so that its replacement has another name.

    The log groups are made before the instance, so its identifier cannot be left to Pulumi; and
    one that stays the same would have a replacement delete the old database before there is a
    new one. What an instance is born with therefore shows in the last letters of its identifier.
    """
    digest = hashlib.sha256(json.dumps(born, sort_keys=True).encode()).hexdigest()[:6]
    # RDS wants a letter first; a project's name may start with a digit.
    first = [] if project[:1].isalpha() else ["db"]
    return physical_name(*first, project, stack, name, digest, limit=LONGEST_IDENTIFIER)
