"""``plinth rollout wait``."""

import argparse
import importlib
import os
import sys
from typing import Any

from plinth.console import FAILED, OK, tell, unusable
from plinth.names import stack_label
from plinth.preview.config import StackConfig, load_stack
from plinth.preview.manifest import find_project
from plinth.preview.yaml_core import ConfigError

from .follow import Patience, follow, lines
from .scaling import NoGroupError, Scaling

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

_INSTALL = "this asks AWS, which needs boto3: pip install 'plinth-iac[aws]'"


def wait(arguments: argparse.Namespace) -> int:
    """Wait for a stack's instances, and return the exit code."""
    try:
        boto3: Any = importlib.import_module("boto3")
    except ModuleNotFoundError:
        return unusable(_INSTALL)
    errors: Any = importlib.import_module("botocore.exceptions")
    try:
        config = load_stack(find_project(arguments.cwd), arguments.stack)
        scaling = Scaling(_client(boto3, config, arguments.region))
        return _follow(scaling, config, arguments)
    except (ConfigError, NoGroupError, errors.BotoCoreError, errors.ClientError) as error:
        return unusable(error)
    except KeyboardInterrupt:
        tell("plinth: no longer following; the refreshes go on")
        return INTERRUPTED


def _follow(scaling: Scaling, config: StackConfig, arguments: argparse.Namespace) -> int:
    label = stack_label(config.project.name, config.stack)
    groups = arguments.group or scaling.of_stack(label)
    tell(f"plinth: following {', '.join(groups)}")
    patience = Patience(
        timeout=60 * arguments.timeout, settle=arguments.settle, every=arguments.every
    )
    endings = follow(scaling, groups, patience, tell=tell)
    sys.stdout.writelines(f"{line}\n" for line in lines(endings))
    return OK if all(ending.good for ending in endings) else FAILED


def _client(boto3: Any, config: StackConfig, region: str | None) -> Any:
    """Connect as the stack's provider would, and bear with AWS where many ask at once."""
    where = region or config.values.get("aws:region") or os.environ.get("AWS_REGION")
    session = boto3.Session(profile_name=config.values.get("aws:profile"), region_name=where)
    if not session.region_name:
        msg = "no region is known: set aws:region in the stack's file, or give --region"
        raise ConfigError(msg)
    options: Any = importlib.import_module("botocore.config")
    patient = options.Config(retries={"mode": "adaptive", "max_attempts": 10})
    return session.client("autoscaling", config=patient)
