"""How long CloudWatch Logs can keep what it is sent."""

RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Days that a log group can keep its events, besides for ever
(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html).
"""


def check_retention(days: int) -> int:
    """Return a number of days, or refuse one that CloudWatch Logs does not offer."""
    if days not in RETENTIONS:
        nearest = min(RETENTIONS, key=lambda offered: (abs(offered - days), offered))
        msg = f"{days} is no number of days that CloudWatch Logs keeps events for: use {nearest}"
        raise ValueError(msg)
    return days
