"""Rules that every stack must hold to, over what was recorded of it.

::

    from plinth.policies import check
    violations = check(document)          # of plinth.preview.export.to_document
"""

from .examine import Accepted, Report, check, examine
from .exceptions import Acceptance, accept
from .model import Rule, Severity, Violation
from .registry import RULES

__all__ = [
    "RULES",
    "Acceptance",
    "Accepted",
    "Report",
    "Rule",
    "Severity",
    "Violation",
    "accept",
    "check",
    "examine",
]
