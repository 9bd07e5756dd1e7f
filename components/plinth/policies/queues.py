"""Find the parts of Celery in a stack: workers, schedulers and the store they queue in.

They are told by what they run: the boot scripts of the instances. Where a script is not known
before a deployment, there is nothing to find.
"""

import re
from collections.abc import Iterator

from plinth.preview.export import ResourceRecord

from .platform import Platform
from .reading import boot_script, command_lines, is_unknown

GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_REDIS = "aws:elasticache/replicationGroup:ReplicationGroup"
_BROKER = re.compile(r"CELERY_BROKER_URL.{0,600}?@(\$\{[^}]+\}|[^:/\s\"'}]+)", re.DOTALL)
_ENDPOINTS = ("primaryEndpointAddress", "configurationEndpointAddress")


def celery_lines(template: ResourceRecord, role: str) -> list[list[str]]:
    """Return the words of each command of an instance that runs ``celery <role>``."""
    found: list[list[str]] = []
    for line in command_lines(boot_script(template), "celery"):
        words = line.split()
        for at, word in enumerate(words):
            if word == "celery" or word.endswith("/celery"):
                rest = words[at:]
                if role in rest:
                    found.append(rest)
                    break
    return found


def fleets(platform: Platform, role: str) -> Iterator[tuple[ResourceRecord, ResourceRecord]]:
    """Yield the groups whose instances run ``celery <role>``, with their launch templates."""
    for group in platform.all(GROUP):
        for template in platform.behind(group, "launchTemplate", "mixedInstancesPolicy"):
            if template["type"] == TEMPLATE and celery_lines(template, role):
                yield group, template


def broker_groups(platform: Platform) -> list[ResourceRecord]:
    """Return every Redis that a ``CELERY_BROKER_URL`` points to."""
    hosts = {
        host
        for template in platform.all(TEMPLATE)
        for host in _BROKER.findall(boot_script(template))
    }
    return [store for store in platform.all(_REDIS) if any(_is_at(store, h) for h in hosts)]


def _is_at(store: ResourceRecord, host: str) -> bool:
    if host.startswith(f"${{{store['label']}."):
        return True
    known = [store["inputs"].get(name) for name in _ENDPOINTS]
    return host in [address for address in known if not is_unknown(address)]
