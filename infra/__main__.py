"""What ``pulumi up`` runs: a laptop where the stack's file has ``plinth:local``, AWS elsewhere."""

import pulumi

config = pulumi.Config()
if config.get("local") is None:
    from cloud import cloud as compose
else:
    from laptop import laptop as compose

compose(config)
