"""What a log asks of its witnesses: their cosignatures, within a bounded time, and nothing else.

- Each URL of the policy is asked once, in a thread of its own, however many keys it has.
- A witness that says it stands at another size is asked once more with that size, and never again.
- Everything from a witness is bounded in time and in bytes, redirects are not followed, and no
  witness, whatever it answers, makes this raise or take longer than it was given.
- Only a cosignature by a key of that very witness, over this very checkpoint, with a time that has
  come, is handed on: one bad line would spoil the note for everybody who verifies it.

What is missing is told as a code for each witness, by its name in the policy:

```
E-WITNESS-DOWN  no answer in time, or one that is none: an error, a redirect, 409 again and again
E-PARSE         an answer that is not of the form it must have, or our request was not of theirs
E-AUTH          the log or its key is unknown there; or no good cosignature of this key was given
E-TIME          a cosignature without a time, or of a time that has not come
E-ROLLBACK      the witness says that it has cosigned a larger tree than this one
E-FORK          the witness says that it has cosigned a tree that this one does not continue
```

The last two are what a witness says and prove nothing: they are a reason to look, and to alarm.

Source:
    C2SP tlog-witness; docs of the design: security, section 2.5.
"""

from __future__ import annotations

import io
import ssl
import time
from collections.abc import Buffer, Callable, Mapping, MutableMapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from socket import socket
from threading import Thread
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from infrastructure.anchor.witness import SIZE_TYPE, TEXT_TYPE, Submission
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import Code, LedgerError, NoteRefused, SignatureRefused
from infrastructure.ledger.note import Note, SignatureLine, parse_signature_lines, read_decimal
from infrastructure.ledger.trust import Trust, Witness
