"""Who may sign in to a store, and what with."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from plinth.credentials import Credentials, make_credentials
from plinth.names import physical_name

APP = "app"
"""The user that every tier signs in as."""

METRICS = "metrics"
"""The user that a broker's queues are counted as."""

ID_LIMIT = 40
"""Characters of a user's, a user group's and a snapshot's id
(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateUser.html)."""

ENGINE = "redis"
"""Also on Valkey, which takes users and groups of either engine. Redis takes only its own, so
ones that followed the store would have to change before it, and be refused
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html)."""


@dataclass(frozen=True, kw_only=True)
class Users:
    """A user group, and the secret of each user in it who has one."""

    group_id: pulumi.Output[str]
    credentials: Mapping[str, Credentials]
    """By user name. Each secret holds a JSON object of ``username`` and ``password``."""


def make_users(
    name: str,
    kind: str,
    access: Mapping[str, str],
    *,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> Users:
    """Create users with passwords made up for them, and the group that a store lets in.

    Args:
        name: Names the children.
        kind: ``broker`` or ``cache``, which may have the same name.
        access: What each user may do, by user name, as Redis writes it.
        parent: The component they belong to.
        tags: Added to each of them.
    """
    # Their ids are ours, so a second one cannot stand beside the first.
    child = pulumi.ResourceOptions(parent=parent, delete_before_replace=True)
    credentials = {
        user: make_credentials(
            f"{name}-{user}",
            f"Redis {kind} {name}, user {user}",
            parent=parent,
            tags=tags,
            fields={"username": user},
        )
        for user in access
    }
    # A group must have a "default", whom every client is that gives no name: off, nobody is.
    rights = {"default": "off -@all", **access}
    users = [
        aws.elasticache.User(
            f"{name}-{user}",
            user_id=physical_id(name, kind, user),
            user_name=user,
            engine=ENGINE,
            access_string=rights[user],
            authentication_mode=_authentication(credentials.get(user)),
            tags=tags,
            opts=child,
        )
        for user in rights
    ]
    group = aws.elasticache.UserGroup(
        name,
        user_group_id=physical_id(name, kind, "users"),
        engine=ENGINE,
        user_ids=[user.user_id for user in users],
        tags=tags,
        opts=child,
    )
    return Users(group_id=group.user_group_id, credentials=credentials)


def physical_id(name: str, kind: str, role: str) -> str:
    """Name what ElastiCache will not name by itself, one of its kind in an account."""
    project, stack = pulumi.get_project(), pulumi.get_stack()
    return physical_name(project, stack, name, kind, role, limit=ID_LIMIT)


def _authentication(
    credentials: Credentials | None,
) -> aws.elasticache.UserAuthenticationModeArgsDict:
    if credentials is None:
        return {"type": "no-password-required"}
    return {"type": "password", "passwords": [credentials.password]}
