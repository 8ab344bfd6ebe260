"""A letter from elsewhere and an hour that was recorded, at the demonstration."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from hashlib import sha256
from random import Random

from api.demo.clock import Weeks
from api.demo.looks import Play
from api.demo.stage import command_of
from api.demo.texts import words
from domain.attachment import CHUNK, Description, NewAttachment, Origin
from domain.confidentiality import Class
from domain.events.attachment import MediaType
from domain.events.consent import Scope
from domain.use_cases import attachments
from domain.values import FreeText, ItemId

BY, CLIENT, CASE = "eleanor", "miriam", "grief"
_RATE, _SECONDS = 8000, 2


def text(what: str) -> FreeText:
    """One of the demonstration's texts."""
    return FreeText(words("attachments", what))


async def tell(play: Play, weeks: Weeks) -> None:
    """She brings a letter; an hour is recorded, for two people and for thirty days."""
    at = play.move(weeks.at(5, 4, 18, 0))
    letter = words("attachments", "letter").encode()
    told = Description(
        sha256(letter).hexdigest(),
        at,
        origin=Origin(text("organisation"), at.date(), text("author")),
    )
    title = NewAttachment(MediaType.PLAIN, len(letter), text("title"), Class.THIRD_PARTY)
    await _upload(play, "letter", title, {1: letter}, told)
    await play.consent(BY, CLIENT, Scope.RECORDING, words("attachments", "purpose"))
    hour = _noise()
    recording = NewAttachment(
        MediaType.AUDIO_WAV,
        len(hour),
        text("hour"),
        viewers=(play.practitioner(BY), play.practitioner("agnieszka")),
    )
    told = Description(sha256(hour).hexdigest(), at, text("purpose"))
    attachment = await _upload(play, "hour", recording, {1: hour}, told)
    await _listen(play, attachment, hour)
    await _give_up(play)


async def _begin(play: Play, name: str, new: NewAttachment) -> ItemId:
    begun = attachments.begin_attachment(
        play.desk,
        play.who(BY),
        play.cases[CASE],
        new,
        command=command_of("attachments", "begin", name),
    )
    receipt = await play.did("attachment", begun)
    return ItemId(receipt.named("attachment"))


async def _upload(
    play: Play, name: str, new: NewAttachment, chunks: Mapping[int, bytes], told: Description
) -> ItemId:
    attachment = await _begin(play, name, new)
    files = play.clinic.attachments
    for number, data in chunks.items():
        chunk = (number, data, sha256(data).digest())
        await attachments.put_chunk(
            play.desk, files, play.who(BY), play.cases[CASE], attachment, chunk
        )
    storing = attachments.store_attachment(
        play.desk,
        files,
        play.who(BY),
        play.cases[CASE],
        attachment,
        told,
        expected=1,
        command=command_of("attachments", "store", name),
    )
    await play.did("attachment", storing)
    return attachment


async def _listen(play: Play, attachment: ItemId, hour: bytes) -> None:
    """Her colleague listens, who was named; the front desk may not.

    Raises:
        AssertionError: She heard something else.
    """
    state, opening, receipt = await attachments.look_at_attachment(
        play.desk, play.who("agnieszka"), play.cases[CASE], attachment
    )
    play.counted("look", receipt)
    files = play.clinic.attachments
    heard = [each async for each in attachments.read_bytes(files, state, opening)]
    if b"".join(heard) != hour:
        msg = "The recording did not come back as it was made."
        raise AssertionError(msg)
    refused = attachments.look_at_attachment(
        play.desk, play.who("marek"), play.cases[CASE], attachment
    )
    await play.refused(refused)


async def _give_up(play: Play) -> None:
    attachment = await _begin(
        play, "the wrong letter", NewAttachment(MediaType.PDF, CHUNK, text("title"))
    )
    giving_up = attachments.abandon_attachment(
        play.desk,
        play.clinic.attachments,
        play.who(BY),
        play.cases[CASE],
        attachment,
        expected=1,
        command=command_of("attachments", "give up", "the wrong letter"),
    )
    await play.did("attachment", giving_up)


def _noise() -> bytes:
    """Two seconds of noise, made here: nobody speaks in it."""
    samples = Random(12).randbytes(_RATE * _SECONDS)  # noqa: S311 - noise, no key
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(samples),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        _RATE,
        _RATE,
        1,
        8,
        b"data",
        len(samples),
    )
    return head + samples
