"""Which fleets a web tier has, and which part of the requests each is for."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pulumi

from plinth._fleet.user_data import pinned
from plinth.names import LONGEST, check_name

from .settings import BlueGreen, WebSettings

GREEN = "-green"


class Colour(StrEnum):
    """A fleet of a tier."""

    BLUE = "blue"
    """The tier itself: all there is without blue/green."""
    GREEN = "green"
    """The one beside it."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """One colour, as it is to be."""

    colour: Colour
    name: str
    """Names its children. Blue has the tier's own, so that a tier which takes up blue/green, or
    gives it up, keeps the instances it has."""
    image: pulumi.Output[str]
    percent: int
    """Of the requests."""
    sizes: tuple[int, int]
    """Fewest and most instances."""


def plan_fleets(
    name: str,
    settings: WebSettings,
    image: pulumi.Input[str],
    green_image: pulumi.Input[str] | None,
) -> Sequence[Fleet]:
    """Plan a tier's fleets, blue first.

    Raises:
        ValueError: Requests would go to a green that has no image, an image would go nowhere, or
            one is not pinned.
    """
    plan = settings.blue_green or BlueGreen()
    _check(name, settings, green_image)
    wanted = [(Colour.BLUE, name, image, 100 - plan.green_percent)]
    if green_image is not None:
        wanted.append((Colour.GREEN, f"{name}{GREEN}", green_image, plan.green_percent))
    return [
        Fleet(
            colour=colour,
            name=called,
            image=pinned("web tier", name, of, allow_tags=settings.allow_tags),
            percent=percent,
            sizes=(settings.min_size, settings.max_size) if percent or plan.standby else (0, 0),
        )
        for colour, called, of, percent in wanted
    ]


def _check(name: str, settings: WebSettings, green_image: pulumi.Input[str] | None) -> None:
    percent = settings.blue_green.green_percent if settings.blue_green else 0
    if settings.blue_green is None and green_image is not None:
        msg = (
            f"web tier {name!r} has a green_image, and without blue_green nothing would run it: "
            "set blue_green={}, or drop the image"
        )
        raise ValueError(msg)
    if green_image is not None:
        # AWS takes 32 characters for a target group's name, and green has one of its own.
        check_name("web tier with a green", name, longest=LONGEST - len(GREEN))
    if percent and green_image is None:
        msg = (
            f"web tier {name!r} has green_percent={percent}, and no green to send requests to: "
            "give it a green_image, or set green_percent=0"
        )
        raise ValueError(msg)
