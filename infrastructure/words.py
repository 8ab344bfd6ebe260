"""Whether the words of an event went with the keys of their owner.

An event that the policy reads outlives its owner's content, and its words do not: their item keys
went with the owner's key, and no SHRED names them one by one.
"""

from __future__ import annotations

from domain.confidentiality import KeyPurpose, text_label
from domain.ports import Recorded
from infrastructure.batch import words_label
from infrastructure.folder import OpenFolder
from infrastructure.vault.keyrows import DESTROYED


def went_with_their_owner(folder: OpenFolder, recorded: Recorded) -> bool:
    """Whether the words of an event that can still be read went with the keys of its owner.

    Each of those keys has to be named by a SHRED of its own, which is asked elsewhere.
    """
    if recorded.event is None or recorded.label.purpose is not KeyPurpose.RELATIONSHIP:
        return False
    label = text_label(words_label(recorded.event), recorded.owner)
    tag = folder.vault.keyring.tag(recorded.owner)
    of_owner = folder.keys.of_subject(tag, label.purpose)
    found = [each for each in of_owner if each.place.label == label]
    return bool(found) and all(each.state == DESTROYED for each in found)
