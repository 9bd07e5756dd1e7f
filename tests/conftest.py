"""How the suite uses a machine."""

import gc
import os

from hypothesis import settings

# Each run looks elsewhere: many runs see much. HYPOTHESIS_PROFILE=thorough sees more in one.
settings.register_profile("default", max_examples=30)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_xdist_auto_num_workers() -> int:
    """Take one worker more than there are cores: some tests only wait for real servers."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Spare the garbage collector what is imported, which stays: it is half of all there is."""
    gc.collect()
    gc.freeze()
