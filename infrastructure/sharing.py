"""Who beside the owner may use a file of a data folder.

Files are their owner's alone. Where the folder itself says that its group may write in it, as one
does that a broker, a server and a follower share under users of their own, the files that all of
them need are the group's too. What only the custody needs never is.

Source:
    docs/broker.md, setting it up.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

_OWNER, _GROUP = 0o600, 0o060


def file_mode(folder: Path) -> int:
    """The mode of a file in this folder: 0600, or 0660 where its group may write in it."""
    shared = stat.S_IMODE(folder.stat().st_mode) & _GROUP == _GROUP
    return _OWNER | _GROUP if shared else _OWNER


def make_file(path: Path) -> None:
    """Make a file with the mode of its folder's files, where it is missing.

    What SQLite puts beside a database has the mode that the database has at that moment.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, file_mode(path.parent)))
