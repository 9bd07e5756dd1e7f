"""The environment contract: which variables an app finds, what they mean and who sets them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable that a component gives to the tiers that use it."""

    name: str
    meaning: str
    """One sentence for the app's author: the form of the value, and when it is absent."""
    secret: bool = False
    """Whether it is read from Secrets Manager at boot, rather than written in user data."""
