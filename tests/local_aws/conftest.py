"""MiniStack makes a folder where it is imported; these tests import it to look at its names."""

import os
import tempfile
from pathlib import Path

os.environ["STATE_DIR"] = str(Path(tempfile.gettempdir(), "ministack-state"))
