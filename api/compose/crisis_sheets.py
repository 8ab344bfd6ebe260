"""The sealed file of a crisis sheet, for the door and for the command line."""

from infrastructure.vault.crisis_sheet import (
    Opened,
    Sealed,
    about_sheet,
    open_sheet,
    seal_sheet,
)
from infrastructure.vault.custody.slots import Cost

__all__ = ["Cost", "Opened", "Sealed", "about_sheet", "open_sheet", "seal_sheet"]
