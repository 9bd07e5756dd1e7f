"""What RDS would refuse, in words that say what to change."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from plinth._postgres import windows
from plinth._postgres.parameters import OWNED

if TYPE_CHECKING:
    from plinth._postgres.settings import PostgresSettings

STRIPED_GIB = 400
"""GiB from which RDS stripes gp3 over four volumes, and takes ``iops`` and ``throughput``."""

BASELINE_IOPS = 12000

MONITORING_SECONDS = (0, 1, 5, 10, 15, 30, 60)
INSIGHTS_DAYS = frozenset({0, 7, 731, *range(31, 714, 31)})

KEY = re.compile(r"(?=.{1,12}$)[a-z](-?[a-z0-9])*")

_RESERVED = """
admin all analyse analyze and any array as asc asymmetric authorization binary both case cast
check collate collation column concurrently constraint create cross current_catalog current_date
current_role current_schema current_time current_timestamp current_user default deferrable desc
distinct do else end except false fetch for foreign freeze from full grant group having ilike in
initially inner intersect into is isnull join lateral leading left like limit localtime
localtimestamp natural not notnull null offset on only or order outer overlaps placing primary
references returning right select session_user similar some symmetric system_user table
tablesample then to trailing true union unique user using variadic verbose when where window
with
"""
RESERVED = frozenset(_RESERVED.split())
"""Postgres's reserved words, and ``admin``, which RDS adds."""


def refusals(settings: "PostgresSettings") -> Iterator[str]:
    """Say everything that is wrong with settings whose single values are in range."""
    yield from _names(settings)
    yield from _storage(settings)
    yield from _replicas(settings)
    yield from _blue_green(settings)
    yield from _terms(settings)
    yield from _parameters(settings)
    yield from windows.refusals(settings.backup_window, settings.maintenance_window)


def _names(settings: "PostgresSettings") -> Iterator[str]:
    for setting, name in (("username", settings.username), ("database", settings.database)):
        if name in RESERVED or name.startswith(("pg_", "rds")):
            yield f"postgres has {setting}={name!r}, which is reserved: choose another, like 'app'"
    if settings.database in ("template0", "template1"):
        yield f"postgres has database={settings.database!r}, which exists: choose another"


def _storage(settings: "PostgresSettings") -> Iterator[str]:
    gib, ceiling = settings.storage_gib, settings.max_storage_gib
    needed = -(-gib * 11 // 10)
    if ceiling is not None and ceiling < needed:
        yield (
            f"postgres has max_storage_gib={ceiling} with storage_gib={gib}, and RDS wants 10 % "
            f"above it: set max_storage_gib to {needed} or more, or to null"
        )
    for setting in ("iops", "throughput"):
        value = getattr(settings, setting)
        if value is not None and gib < STRIPED_GIB:
            yield (
                f"postgres has {setting}={value} with storage_gib={gib}, which RDS refuses below "
                f"{STRIPED_GIB}: leave {setting} out, or set storage_gib={STRIPED_GIB}"
            )
    needed = 4 * (settings.throughput or 0)
    if gib >= STRIPED_GIB and needed > (settings.iops or BASELINE_IOPS):
        yield (
            f"postgres has throughput={settings.throughput}, which needs four times as many "
            f"iops: set iops to {needed} or more"
        )


def _replicas(settings: "PostgresSettings") -> Iterator[str]:
    count = len(settings.replicas)
    if count and settings.password == "managed":  # noqa: S105 - a choice, not a password
        yield _refused(f"replicas={count}", "password='managed'", "set password='generated'")
    if count and settings.backup_days == 0:
        yield _refused(f"replicas={count}", "backup_days=0", "set backup_days to 1 or more")
    for key in settings.replicas:
        if not KEY.fullmatch(key) or key == "primary":
            yield (
                f"postgres has a replica {key!r}, and its name must be at most 12 lower-case "
                "letters, digits and single dashes, and not 'primary': rename it"
            )


def _blue_green(settings: "PostgresSettings") -> Iterator[str]:
    if not settings.blue_green:
        return
    given = "blue_green=true"
    if settings.replicas:
        yield _refused(given, f"replicas={len(settings.replicas)}", "set blue_green=false")
    if settings.password == "managed":  # noqa: S105 - a choice, not a password
        yield _refused(given, "password='managed'", "set password='generated'")
    if settings.proxy is not None:
        yield _refused(given, "a proxy", "set blue_green=false or proxy=null")
    if settings.backup_days == 0:
        yield _refused(given, "backup_days=0", "set backup_days to 1 or more")


def _terms(settings: "PostgresSettings") -> Iterator[str]:
    for setting, allowed in (
        ("monitoring_seconds", MONITORING_SECONDS),
        ("performance_insights_days", sorted(INSIGHTS_DAYS)),
    ):
        value = getattr(settings, setting)
        if value not in allowed:
            nearest = min(allowed, key=lambda term: abs(term - value))
            yield f"postgres has {setting}={value}, which AWS does not offer: set it to {nearest}"


def _parameters(settings: "PostgresSettings") -> Iterator[str]:
    for name in settings.parameters:
        if not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?", name):
            yield f"postgres has a parameter {name!r}, and RDS spells them like 'work_mem'"
        if name in OWNED:
            yield f"postgres has a parameter {name!r}, which is a setting: set {OWNED[name]}"


def _refused(one: str, other: str, change: str) -> str:
    return f"postgres has {one} with {other}, which RDS refuses: {change}"
