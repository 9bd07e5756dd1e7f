"""Parts of a Kubernetes cluster: its settings, its roles and its ways in."""
