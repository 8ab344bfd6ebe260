"""One derivation of a key from a password at a time, in the whole process.

The library shares one budget of threads, as large as the number of cores, among all derivations
with more than one lane. Two that begin at once take a part each, and wait for each other for ever.
"""

from __future__ import annotations

import threading

ALONE = threading.Lock()
"""Held while Argon2id is at work."""
