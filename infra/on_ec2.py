"""The app's processes on autoscaling groups."""

from app import App
from plinth import CeleryBeat, CeleryWorkers, WebTier
from stack import Stack


def on_ec2(stack: Stack, app: App) -> None:
    """Run the web servers, the workers and beat, each on instances of their own."""
    WebTier(
        "web",
        stack.web,
        image=app.image,
        green_image=app.green_image,
        network=app.network,
        balancer=app.balancer,
        uses=[*app.stores, app.broker, app.cdn],
        alarms=app.alarms,
    )
    CeleryWorkers(
        "celery",
        stack.workers,
        image=app.image,
        network=app.network,
        broker=app.broker,
        uses=[*app.stores, app.cdn],
        alarms=app.alarms,
    )
    if stack.beat is not None:
        CeleryBeat(
            "beat",
            stack.beat,
            image=app.image,
            network=app.network,
            broker=app.broker,
            uses=app.stores,
        )
