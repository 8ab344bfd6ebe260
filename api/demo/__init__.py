"""The demonstration: six weeks in a small invented clinic, or a file of texts, really recorded.

``play`` does everything through the use cases that HTTP calls too. Open the clinic with a
``StoryClock``, and the record's times are those of the story; ``sign_ins`` then lets people in.
"""

from api.demo.clock import StoryClock
from api.demo.corpus import TextsRefused
from api.demo.play import Played, play
from api.demo.sign_ins import SignIn, sign_ins
from api.demo.stage import NotAsWritten

__all__ = [
    "NotAsWritten",
    "Played",
    "SignIn",
    "StoryClock",
    "TextsRefused",
    "play",
    "sign_ins",
]
