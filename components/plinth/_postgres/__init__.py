"""What a ``Postgres`` is made of, by part."""
