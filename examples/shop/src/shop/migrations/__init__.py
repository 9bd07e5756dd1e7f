"""The database's history, for ``alembic upgrade head``.

A release runs it before its first instance serves, while the release before still does: what is
added must not be missed by the old one (a default, or NULL), and what is removed must not be used
by it any more. A column is therefore renamed in three releases: add and write both (expand),
read the new one, drop the old one (contract).
"""
