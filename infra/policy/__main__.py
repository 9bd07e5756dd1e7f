"""The policy pack: ``pulumi preview --policy-pack infra/policy``."""

from plinth.policies.crossguard import start

start()
