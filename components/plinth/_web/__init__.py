"""What a web tier is told, and what it tells its server."""
