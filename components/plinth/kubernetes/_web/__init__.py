"""What the web tier on Kubernetes has of its own."""
