"""The sample app and all that it needs, as processes on loopback: ``python -m tools.app``.

For machines without Docker: PostgreSQL, Redis and nginx are the ones of the distribution, and the
app's own processes get the environment and the command lines that the tiers would give them.
"""
