"""Says in $TASK_TEST_FILE that a process imported it."""

import os

from stand_in import Env  # noqa: F401

with open(os.environ["TASK_TEST_FILE"], "a") as file:
    file.write("loaded\n")
