"""What a stack costs in a month, from its preview and a dated price book."""

from .book import NoPriceError
from .estimate import estimate
from .lines import Estimate, Line, NotPriced, Range
from .usage import Usage, read_usage

__all__ = [
    "Estimate",
    "Line",
    "NoPriceError",
    "NotPriced",
    "Range",
    "Usage",
    "estimate",
    "read_usage",
]
