"""What a container image is made of: its settings, its build and what the registry keeps."""
