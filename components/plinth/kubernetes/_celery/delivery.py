"""What the pools share: the app's secrets, and KEDA's way to the broker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi
import pulumi_kubernetes as k8s

from plinth.kubernetes._parts.secrets import Delivered, make_secrets, make_source
from plinth.kubernetes._parts.site import Site
from plinth.kubernetes.settings import PodSettings, SecretDelivery
from plinth.wiring import SecretText

from .broker import located, part, signing_in
from .keda import Store

ROLE = "keda"

KEDA_API = "keda.sh/v1alpha1"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What is in the cluster before any pool is."""

    app: Delivered
    """The variables that are secret, as all pools find them."""
    store: Store | None = None
    """Where KEDA counts tasks; None where it does not."""
    watched: Sequence[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    """What KEDA needs to."""


def check_url(name: str, url: SecretText | pulumi.Input[str], pods: PodSettings) -> None:
    """Refuse a broker that KEDA could not be told of, before anything is registered."""
    template = url.template if isinstance(url, SecretText) else url
    if isinstance(template, str):
        try:
            located(template)
        except ValueError as error:
            msg = f"celery {name!r} cannot scale by KEDA: {error}"
            raise ValueError(msg) from None
    written = pods.secret_delivery is SecretDelivery.SECRET
    if written and isinstance(url, SecretText) and url.value is None:
        msg = (
            f"celery {name!r} has secret_delivery=secret, and the program does not know the "
            "metrics_url of its broker: give it with a value, or set autoscaler=cpu, or "
            "secret_delivery=external_secrets"
        )
        raise ValueError(msg)


def deliver(
    site: Site, secrets: Mapping[str, SecretText], url: SecretText | pulumi.Input[str] | None
) -> Delivery:
    """Bring secrets into the cluster.

    KEDA gets an object of its own: it must not read the app's, nor the app KEDA's.

    Args:
        site: Where.
        secrets: The app's variables.
        url: The broker's, for KEDA; None where pools do not scale by it.
    """
    counted = url if isinstance(url, SecretText) else None
    every = [*secrets.values(), *([counted] if counted else [])]
    written = site.pods.secret_delivery is SecretDelivery.SECRET
    source = make_source(site, every) if every and not written else None
    app = make_secrets(site, secrets, source=source)
    if url is None:
        return Delivery(app=app)
    if counted is None:
        # No secret holds this URL, so that there is none for the operator to read.
        settings = site.pods.model_copy(update={"secret_delivery": SecretDelivery.SECRET})
        site = replace(site, pods=settings)
    keda = make_secrets(site, signing_in(url), role=ROLE, source=source)
    called = f"{site.name}-{ROLE}"
    template = url.template if isinstance(url, SecretText) else url
    store = Store(
        address=part(template, lambda found: found.address),
        database=part(template, lambda found: found.database),
        tls=part(template, lambda found: found.tls),
        authentication=called,
    )
    return Delivery(app=app, store=store, watched=[_sign_in(site, keda, called), *keda.ready])


def _sign_in(site: Site, secret: Delivered, name: str) -> k8s.apiextensions.CustomResource:
    """Tell KEDA who it is to the broker."""
    return k8s.apiextensions.CustomResource(
        name,
        api_version=KEDA_API,
        kind="TriggerAuthentication",
        metadata=site.metadata(name=name),
        spec={
            "secretTargetRef": [
                {"parameter": parameter, "name": secret.name, "key": parameter}
                for parameter in ("username", "password")
            ]
        },
        opts=site.child,
    )
