"""What visitors buy."""
