"""``python -m plinth``, for where the command is not on the path."""

from plinth.cli import main

raise SystemExit(main())
