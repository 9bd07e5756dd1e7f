"""What the Celery components are made of: settings, arithmetic, command lines, and scripts."""
