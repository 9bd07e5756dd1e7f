"""All rules, in the order in which reports name them."""

from . import (
    availability,
    buckets,
    celery,
    clusters,
    encryption,
    exposure,
    identity,
    observability,
    protection,
    workloads,
)
from .model import Rule

RULES: tuple[Rule, ...] = (
    *exposure.RULES,
    *buckets.RULES,
    *encryption.RULES,
    *identity.RULES,
    *protection.RULES,
    *availability.RULES,
    *celery.RULES,
    *observability.RULES,
    *clusters.RULES,
    *workloads.RULES,
)

BY_ID = {rule.id: rule for rule in RULES}
