"""The bytes of recordings and documents: sealed chunk by chunk, in files beside the record.

- ``place``: where the files are, their names and sizes; it knows no key.
- ``files``: the domain's ``Attachments``: takes chunks, puts them together, reads them.
- ``check``: whether every file is there and is what the log says.
- ``sweep``: takes away uploads that nobody finished, and what was made unreadable.

The format is ``docs/formats/attachment.md``.
"""
