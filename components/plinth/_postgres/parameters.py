"""The database's parameters: ours, yours, and when each comes into force."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pulumi_aws as aws

DEFAULTS: Mapping[str, str] = {
    # Nothing speaks to it in the clear, whatever the client prefers.
    "rds.force_ssl": "1",
    # What was slow, what waited and what spilled, in the log.
    "log_lock_waits": "1",
    "log_temp_files": "10240",
    "log_autovacuum_min_duration": "10000",
    "track_io_timing": "1",
    "shared_preload_libraries": "pg_stat_statements",
    # A transaction that someone forgot holds locks and keeps vacuum from its work.
    "idle_in_transaction_session_timeout": "300000",
    # A fifth of a large table is too many dead rows to wait for.
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
    # gp3 seeks at nearly the price of a scan.
    "random_page_cost": "1.1",
    # Long reads on a replica are not cancelled by vacuum on the primary.
    "hot_standby_feedback": "1",
}

OWNED: Mapping[str, str] = {"log_min_duration_statement": "slow_query_ms"}
"""Parameters that are a setting of their own, and so are not taken twice."""

_STATIC = """
autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age
autovacuum_worker_slots commit_timestamp_buffers dynamic_shared_memory_type huge_page_size
huge_pages io_max_combine_limit io_max_concurrency io_method logging_collector
max_active_replication_origins max_connections max_files_per_process max_locks_per_transaction
max_logical_replication_workers max_notify_queue_pages max_pred_locks_per_transaction
max_prepared_transactions max_replication_slots max_wal_senders max_worker_processes
min_dynamic_shared_memory multixact_member_buffers multixact_offset_buffers notify_buffers
old_snapshot_threshold port reserved_connections serializable_buffers shared_buffers
shared_memory_type shared_preload_libraries subtransaction_buffers
superuser_reserved_connections track_activity_query_size track_commit_timestamp
transaction_buffers wal_buffers wal_decode_buffer_size wal_level wal_log_hints
"""
STATIC = frozenset(_STATIC.split())
"""Parameters of context ``postmaster`` in Postgres 14 to 18: only a restart changes them
(https://www.postgresql.org/docs/current/view-pg-settings.html)."""

DYNAMIC = frozenset({"rds.force_ssl", "rds.log_retention_period", "pg_stat_statements.track"})
"""Those of RDS and of extensions that are known to need no restart."""


def parameters(
    slow_query_ms: int, further: Mapping[str, str]
) -> "list[aws.rds.ParameterGroupParameterArgsDict]":
    """List the parameters of a group, each with the way to apply it, in order of their names."""
    values = {**DEFAULTS, "log_min_duration_statement": str(slow_query_ms), **further}
    return [
        {"name": name, "value": value, "apply_method": apply_method(name)}
        for name, value in sorted(values.items())
    ]


def apply_method(name: str) -> str:
    """Tell when a parameter comes into force.

    RDS refuses ``immediate`` for one that needs a restart, and takes ``pending-reboot`` for any:
    an extension's parameter that is not known waits.
    """
    waits = name in STATIC or ("." in name and name not in DYNAMIC)
    return "pending-reboot" if waits else "immediate"
