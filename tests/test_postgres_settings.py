"""What a Postgres may be told, and what its pure parts make of it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from plinth._postgres import windows
from plinth._postgres.parameters import DEFAULTS, STATIC, apply_method, parameters
from plinth._postgres.reader import zone_name
from plinth._postgres.site import LONGEST_IDENTIFIER, identifier, origin
from plinth.postgres import PointInTimeRestore, PostgresSettings, SnapshotRestore

REPLICA = {"b": {"zone": "b"}}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"replicas": REPLICA, "password": "managed"}, "replicas=1 with password='managed'.*generated"),
    ({"replicas": REPLICA, "backup_days": 0}, "replicas=1 with backup_days=0.*1 or more"),
    ({"replicas": {"B": {"zone": "b"}}}, "a replica 'B'.*rename it"),
    ({"replicas": {"primary": {"zone": "b"}}}, "a replica 'primary'.*rename it"),
    ({"replicas": {"a" * 13: {"zone": "b"}}}, "at most 12.*rename it"),
    ({"blue_green": True, "replicas": REPLICA}, "blue_green=true with replicas=1"),
    ({"blue_green": True, "password": "managed"}, "blue_green=true with password='managed'"),
    ({"blue_green": True, "proxy": {}}, "blue_green=true with a proxy"),
    ({"blue_green": True, "backup_days": 0}, "blue_green=true with backup_days=0"),
    ({"iops": 12000}, "iops=12000 with storage_gib=20.*leave iops out"),
    ({"throughput": 500}, "throughput=500 with storage_gib=20.*leave throughput out"),
    (
        {"storage_gib": 400, "max_storage_gib": None, "throughput": 4000},
        "throughput=4000.*set iops to 16000 or more",
    ),
    ({"storage_gib": 100}, "max_storage_gib=100 with storage_gib=100.*110 or more, or to null"),
    ({"username": "admin"}, "username='admin', which is reserved"),
    ({"username": "rdsadmin"}, "username='rdsadmin', which is reserved"),
    ({"username": "pg_owner"}, "username='pg_owner', which is reserved"),
    ({"database": "user"}, "database='user', which is reserved"),
    ({"database": "template1"}, "database='template1', which exists"),
    ({"log_days": 31}, "31 is no number of days.*use 30"),
    ({"monitoring_seconds": 20}, "monitoring_seconds=20.*set it to 15"),
    ({"performance_insights_days": 30}, "performance_insights_days=30.*set it to 31"),
    ({"backup_window": "3:00-4:00"}, "write it in UTC"),
    ({"maintenance_window": "04:30-05:30"}, "write it in UTC"),
    ({"backup_window": "03:00-03:10"}, "make it 30 minutes or longer"),
    ({"maintenance_window": "sun:03:30-sun:04:30"}, "over backup_window='03:00-04:00'"),
    ({"parameters": {"log_min_duration_statement": "5"}}, "which is a setting: set slow_query_ms"),
    ({"parameters": {"Work_Mem": "64"}}, "a parameter 'Work_Mem'"),
]


@pytest.mark.parametrize(("wrong", "words"), REFUSED)
def test_what_rds_would_refuse_says_what_to_change(wrong: dict[str, Any], words: str) -> None:
    """A combination that fails only in AWS, minutes later, fails here, and names the way out."""
    with pytest.raises(ValidationError, match=words):
        PostgresSettings.model_validate(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 13},
        {"version": 19},
        {"instance_class": "t4g.small"},
        {"storage_gib": 19},
        {"iops": 3000, "storage_gib": 400},
        {"backup_days": 36},
        {"replicas": {"b": {"zone": "eu-west-1b"}}},
        {"replicas": {f"r{n}": {"zone": "a"} for n in range(16)}},
        {"replica_lag_seconds": 300},
        {"restore": {"snapshot": "kept", "source": "db"}},
        {"restore": {"time": "2026-01-02T03:04:05Z"}},
        {"restore": {"source": "db", "time": "2026-01-02T03:04:05"}},
        {"restore": {}},
        {"proxy": {"max_connections_percent": 101}},
        {"replica": 1},
    ],
)
def test_values_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    """Out of range, malformed, contradictory and misspelt settings fail before a preview."""
    with pytest.raises(ValidationError):
        PostgresSettings.model_validate(wrong)


def test_every_problem_is_told_at_once() -> None:
    """Whoever writes settings corrects them once, not once per problem."""
    with pytest.raises(ValidationError, match=r"iops=12000.*monitoring_seconds=20") as caught:
        PostgresSettings(iops=12000, monitoring_seconds=20)
    assert caught.value.error_count() == 1


def test_a_restore_is_said_in_the_providers_words() -> None:
    """A moment is told in UTC; none means the latest; the backups of a deleted one go by ARN."""
    kept = "arn:aws:rds:eu-west-1:123456789012:auto-backup:ab-1"
    moment = PointInTimeRestore.model_validate(
        {"source": "old", "time": "2026-01-02T03:04:05+02:00"}
    )
    assert SnapshotRestore(snapshot="kept").arguments() == {"snapshot_identifier": "kept"}
    assert moment.arguments() == {
        "restore_to_point_in_time": {
            "source_db_instance_identifier": "old",
            "restore_time": "2026-01-02T01:04:05Z",
        }
    }
    assert PointInTimeRestore(source=kept).arguments() == {
        "restore_to_point_in_time": {
            "source_db_instance_automated_backups_arn": kept,
            "use_latest_restorable_time": True,
        }
    }


def test_what_replaces_the_database_renames_it() -> None:
    """Old and new stand side by side, so neither name nor log groups may be the same."""
    several = [
        PostgresSettings(),
        PostgresSettings(username="owner"),
        PostgresSettings(database="shop"),
        PostgresSettings(restore=SnapshotRestore(snapshot="kept")),
        PostgresSettings(restore=PointInTimeRestore(source="old")),
    ]
    names = {identifier("shop", "prod", "db", origin(settings)) for settings in several}
    assert len(names) == len(several)


def test_what_is_changed_in_place_renames_nothing() -> None:
    """A rename would restart a database that the change itself leaves running."""
    grown = PostgresSettings(version=18, storage_gib=50, multi_az=True, protected=False)
    assert origin(grown) == origin(PostgresSettings())


def test_a_restored_database_keeps_its_user_and_name() -> None:
    """Were they sent, a snapshot with others would be replaced at the next deployment."""
    restore = SnapshotRestore(snapshot="kept")
    assert origin(PostgresSettings(restore=restore, username="owner")) == restore.arguments()


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80}", fullmatch=True)


@given(project=NAMES, stack=NAMES, name=st.from_regex(r"[a-z](-?[a-z0-9]){0,23}", fullmatch=True))
def test_identifiers_are_what_rds_takes(project: str, stack: str, name: str) -> None:
    """Letters, digits and single hyphens, a letter first, no hyphen last, 63 at most."""
    made = identifier(project, stack, name, {"username": "app"})
    assert re.fullmatch(r"[a-z](-?[a-z0-9])*", made)
    assert len(made) <= LONGEST_IDENTIFIER


@given(project=NAMES, stack=NAMES)
def test_zones_are_what_route_53_takes(project: str, stack: str) -> None:
    """Each label is letters, digits and hyphens, 63 at most."""
    labels = zone_name(project, stack, "db").split(".")
    assert len(labels) == 4
    assert all(re.fullmatch(r"[a-z0-9](-?[a-z0-9])*", label) for label in labels)
    assert all(len(label) <= 63 for label in labels)


def test_parameters_that_need_a_restart_wait_for_one() -> None:
    """RDS refuses a whole group for one static parameter that is to apply at once."""
    assert apply_method("shared_preload_libraries") == "pending-reboot"
    assert apply_method("max_connections") == "pending-reboot"
    assert apply_method("rds.logical_replication") == "pending-reboot"
    assert apply_method("cron.database_name") == "pending-reboot"
    assert apply_method("rds.force_ssl") == "immediate"
    assert apply_method("work_mem") == "immediate"


def test_your_parameters_replace_ours() -> None:
    """One parameter is told once, in order of the names, so that previews repeat."""
    made = parameters(250, {"random_page_cost": "2", "work_mem": "65536"})
    names = [str(parameter["name"]) for parameter in made]
    values = {str(parameter["name"]): parameter["value"] for parameter in made}
    assert names == sorted({*DEFAULTS, "log_min_duration_statement", "work_mem"})
    assert values["random_page_cost"] == "2"
    assert values["log_min_duration_statement"] == "250"


def test_tls_is_forced() -> None:
    """No client talks in the clear."""
    assert DEFAULTS["rds.force_ssl"] == "1"
    assert not STATIC & {"rds.force_ssl"}


@pytest.mark.parametrize(
    ("backup", "maintenance"),
    [
        ("23:30-00:30", "sun:01:00-sun:02:00"),
        ("03:00-04:00", "sun:04:00-sun:05:00"),
        ("03:00-04:00", "sat:23:30-sun:00:30"),
        ("03:00-04:00", "sun:23:00-mon:01:00"),
    ],
)
def test_windows_may_touch(backup: str, maintenance: str) -> None:
    """One may end as the other starts, and either may cross midnight or the week's end."""
    assert not list(windows.refusals(backup, maintenance))


@pytest.mark.parametrize(
    ("backup", "maintenance"),
    [
        ("23:30-00:30", "mon:00:00-mon:01:00"),
        ("23:30-00:30", "sun:23:00-mon:01:00"),
        ("03:00-04:00", "wed:02:00-wed:06:00"),
        ("03:00-04:00", "sat:20:00-sun:20:00"),
    ],
)
def test_windows_may_not_overlap(backup: str, maintenance: str) -> None:
    """The backup is daily, so the maintenance window's day does not matter."""
    [problem] = windows.refusals(backup, maintenance)
    assert "move one of them" in problem
