"""Python reads this first where a test asks for it: notes which modules each command loads."""

import atexit
import json
import os
import sys
from pathlib import Path

FOLDER = Path.cwd() / ".loaded"


def note() -> None:
    loaded = sorted(name for name in sys.modules if name.split(".")[0] == "evinet")
    if FOLDER.is_dir() and Path(sys.argv[0]).name == "evinet":
        text = json.dumps([sys.argv[1:4], loaded])
        (FOLDER / f"{os.getpid()}.json").write_text(text)


atexit.register(note)
