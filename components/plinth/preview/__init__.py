"""The offline preview: run a Pulumi program against a recorder, and look at what it asked for."""
