"""The difference of two previews: what changes, what breaks, what it opens."""
