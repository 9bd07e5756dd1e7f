"""What gunicorn does unless told otherwise: found in the working directory, ``/app`` in the image.

``GUNICORN_CMD_ARGS``, with which a tier sets address and timeouts, wins over this file, and the
command line over both.
"""

import os

from shop.logs import logging_config

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"

worker_class = "uvicorn_worker.UvicornWorker"

worker_tmp_dir = "/dev/shm"  # noqa: S108 - a heartbeat on disk can block; memory cannot
"""Writable where the root file system is not."""

control_socket_disable = True
"""Nobody asks it anything, and a read-only root file system has no place for it."""

logconfig_dict = logging_config(os.environ.get("LOG_LEVEL", "INFO"))
