"""Builds a running clinic from a data folder: the one place where all the rooms meet.

- `clinic`: record, views, accounts and whoever follows; `views`: which projections there are;
  `itself`: the clinic as the one who acts; `finding`: what people are found with.
- `ledger`: what signs, proves, watches and recovers the log.
- `custody`: who opens the keys; `rotation`: changes them; `broker`: has them in another process.
- `custodians`: makes, names and lets sign those who decide by two; `erasing`: what destroys keys;
  `erasures`: what was destroyed, read without keys.
- `backup`: backup, restore, drill; `status`: what can be told without a passphrase.

Nobody else imports infrastructure. What routes and commands need of it by name stands here.
"""

from api.compose.clinic import (
    Clinic,
    compose,
    create,
    open_behind,
    open_clinic,
    opened,
    opened_behind,
    recovery_passphrase,
)
from api.compose.status import status
from api.compose.views import PROJECTIONS, Views
from domain.errors import (
    RecordUnavailable,
)
from infrastructure.accounts import (
    TOKEN_LIFETIME,
    Accounts,
    PasswordRefused,
    SignedIn,
    SignInRefused,
)
from infrastructure.anchor.proofs import (
    NotPublished,
    Proofs,
)
from infrastructure.anchor.witness import (
    MAX_BODY_SIZE as MAX_SUBMISSION,
    Evidence,
    Witness,
    policy_lines,
)
from infrastructure.durable import (
    write as write_file,
)
from infrastructure.errors import (
    Broken,
    CustodyUnavailable,
    FolderRefused,
    WrongKeyStore,
    WrongPassphrase,
)
from infrastructure.ledger.errors import (
    KeyRefused,
    LedgerError,
    LogBroken,
    PolicyRefused,
)
from infrastructure.ledger.tiles import (
    TILE_WIDTH,
    control_path,
    tile_path,
)
from infrastructure.vault.custody import (
    LIGHT,
    Settings,
    settings_from,
)
from infrastructure.verify import (
    WHAT_IT_CANNOT_SEE,
    Verdict,
    verify,
)
from infrastructure.world import (
    SystemClock,
)

__all__ = [
    "LIGHT",
    "MAX_SUBMISSION",
    "PROJECTIONS",
    "TILE_WIDTH",
    "TOKEN_LIFETIME",
    "WHAT_IT_CANNOT_SEE",
    "Accounts",
    "Broken",
    "Clinic",
    "CustodyUnavailable",
    "Evidence",
    "FolderRefused",
    "KeyRefused",
    "LedgerError",
    "LogBroken",
    "NotPublished",
    "PasswordRefused",
    "PolicyRefused",
    "Proofs",
    "RecordUnavailable",
    "Settings",
    "SignInRefused",
    "SignedIn",
    "SystemClock",
    "Verdict",
    "Views",
    "Witness",
    "WrongKeyStore",
    "WrongPassphrase",
    "compose",
    "control_path",
    "create",
    "open_behind",
    "open_clinic",
    "opened",
    "opened_behind",
    "policy_lines",
    "recovery_passphrase",
    "settings_from",
    "status",
    "tile_path",
    "verify",
    "write_file",
]
