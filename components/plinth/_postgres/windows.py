"""The two times at which RDS works on a database: they may not overlap."""

import re
from collections.abc import Iterator

DAY = 24 * 60
WEEK = 7 * DAY
SHORTEST = 30
"""Minutes that RDS wants of each window."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = f"(?:{'|'.join(_DAYS)})"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_BACKUP = re.compile(f"{_CLOCK}-{_CLOCK}")
_MAINTENANCE = re.compile(f"{_DAY}:{_CLOCK}-{_DAY}:{_CLOCK}")


def refusals(backup: str, maintenance: str) -> Iterator[str]:
    """Say what is wrong with a daily backup window and a weekly maintenance window."""
    if not _BACKUP.fullmatch(backup):
        yield f"postgres has backup_window={backup!r}: write it in UTC, like '03:00-04:00'"
        return
    if not _MAINTENANCE.fullmatch(maintenance):
        yield (
            f"postgres has maintenance_window={maintenance!r}: write it in UTC, like "
            "'sun:04:30-sun:05:30'"
        )
        return
    daily, weekly = _minutes(backup, DAY), _minutes(maintenance, WEEK)
    for setting, window, minutes in (
        ("backup_window", backup, daily),
        ("maintenance_window", maintenance, weekly),
    ):
        if len(minutes) < SHORTEST:
            yield f"postgres has {setting}={window!r}: make it {SHORTEST} minutes or longer"
    if {minute % DAY for minute in weekly} & {minute % DAY for minute in daily}:
        yield (
            f"postgres has maintenance_window={maintenance!r} over backup_window={backup!r}, "
            "which RDS refuses: move one of them"
        )


def _minutes(window: str, period: int) -> range:
    start, end = (_minute(moment) for moment in window.split("-"))
    return range(start, end if end > start else end + period)


def _minute(moment: str) -> int:
    *day, hour, minute = moment.split(":")
    days = _DAYS.index(day[0]) if day else 0
    return days * DAY + int(hour) * 60 + int(minute)
