"""A small shop, to show how an app lives on Plinth's platform."""
