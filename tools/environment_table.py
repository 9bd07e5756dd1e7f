"""Write the table of docs/environment.md anew from the code: ``make docs``."""

import re
from pathlib import Path

from plinth import app_secrets, cdn, celery, postgres, redis, web
from plinth._fleet import environment as instance
from plinth.environment import table
from plinth.kubernetes._parts import variables as pod

DOCUMENT = Path(__file__).parent.parent / "docs" / "environment.md"

CONTRACT = {
    "`Postgres`": postgres.VARIABLES,
    "`RedisBroker`": [v for v in redis.VARIABLES if v.name.startswith("CELERY_")],
    "`RedisCache`": [v for v in redis.VARIABLES if not v.name.startswith("CELERY_")],
    "`Cdn`": cdn.VARIABLES,
    "`AppSecrets`": app_secrets.VARIABLES,
    "`WebTier`": web.VARIABLES,
    "`CeleryWorkers`, `CeleryBeat`": celery.VARIABLES,
    "every instance and pod": instance.VARIABLES,
    "every pod": pod.VARIABLES,
}


def current() -> str:
    """Return the document as it should be."""
    written = re.compile(r"(?<=<!-- table -->\n).*(?=<!-- end -->)", re.DOTALL)
    return written.sub(lambda _: table(CONTRACT), DOCUMENT.read_text())


if __name__ == "__main__":
    DOCUMENT.write_text(current())
