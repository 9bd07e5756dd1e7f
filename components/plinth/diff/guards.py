"""Values of properties that are less safe than others."""

from dataclasses import dataclass
from typing import Any

from .changes import MISSING


@dataclass(frozen=True)
class Guard:
    """A property with a value that is less safe than others."""

    unsafe: tuple[Any, ...]
    words: str
    by_default: bool = True
    """Whether it is unsafe where nothing says."""

    def fails(self, value: object) -> bool:
        """Tell whether a value is an unsafe one."""
        if value is MISSING or value is None:
            return self.by_default
        return any(value is bad or (value == bad and bad is not True) for bad in self.unsafe)


GUARDS = {
    "allowPrivilegeEscalation": Guard(
        (True,), "lets a process gain more rights than it starts with"
    ),
    "associatePublicIpAddress": Guard((True, "true"), "gets public addresses", by_default=False),
    "atRestEncryptionEnabled": Guard((False,), "is no longer encrypted at rest"),
    "blockPublicAcls": Guard((False,), "no longer blocks public access"),
    "blockPublicPolicy": Guard((False,), "no longer blocks public access"),
    "deletionProtection": Guard((False,), "can be deleted without further ado"),
    "dropInvalidHeaderFields": Guard((False,), "lets invalid headers through"),
    "enableDeletionProtection": Guard((False,), "can be deleted without further ado"),
    "endpointPublicAccess": Guard((True,), "has its API on the internet"),
    "enableKeyRotation": Guard((False,), "no longer rotates its key"),
    "encrypted": Guard((False, "false"), "is no longer encrypted at rest"),
    "forceDestroy": Guard((True,), "can be deleted with all that is in it", by_default=False),
    "hostNetwork": Guard((True,), "shares its node's network", by_default=False),
    "httpTokens": Guard(("optional",), "answers metadata requests without a token"),
    "ignorePublicAcls": Guard((False,), "no longer blocks public access"),
    "internal": Guard((False,), "is open to the internet"),
    "mapPublicIpOnLaunch": Guard((True,), "gives instances public addresses", by_default=False),
    "options.protect": Guard((False,), "is no longer protected from deletion"),
    "privileged": Guard((True,), "runs with all rights on its node", by_default=False),
    "publiclyAccessible": Guard((True,), "gets a public address", by_default=False),
    "readOnlyRootFilesystem": Guard((False,), "can write into its image's files"),
    "requireTls": Guard((False,), "takes connections without TLS"),
    "restrictPublicBuckets": Guard((False,), "no longer blocks public access"),
    "runAsNonRoot": Guard((False,), "may run as root"),
    "skipFinalSnapshot": Guard((True,), "leaves no snapshot when it is deleted", by_default=False),
    "storageEncrypted": Guard((False,), "is no longer encrypted at rest"),
    "transitEncryptionEnabled": Guard((False,), "takes connections without TLS"),
    "viewerProtocolPolicy": Guard(("allow-all",), "answers over plain HTTP"),
}
"""By the last name of the property, or the option's path."""
