"""Names that stand in labels, paths and aliases of whatever keeps the keys."""

from __future__ import annotations

import re

from infrastructure.errors import Broken

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def checked_name(name: str) -> str:
    """The name, if it is one.

    Raises:
        Broken: E-PARSE, it is not 1 to 63 of a to z, 0 to 9 and hyphen.
    """
    if _NAME.fullmatch(name) is None:
        raise Broken("E-PARSE", "a name that is not one")
    return name
