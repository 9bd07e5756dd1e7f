"""What the tiers on Kubernetes are put together from."""
