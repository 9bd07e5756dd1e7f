"""What the two Redis components share: settings, users, and the replication group itself."""
