"""Ask this container's Celery worker, by way of the broker, whether it is there: ``APP NODE``.

NODE is its name before the ``@``; after it comes the container's host name, as ``%h`` has it.
"""

import os
import socket
import sys

app, node = sys.argv[1:]
where = f"{node}@{socket.gethostname()}"
words = ["celery", "-A", app, "inspect", "ping", "--timeout", "5", "--destination", where]
os.execvp(words[0], words)  # noqa: S606 - no shell is what is wanted
