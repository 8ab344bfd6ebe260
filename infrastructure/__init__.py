"""The ports of the domain, implemented.

- ``record``: read a stream, append events. ``batch`` is one append on its way, ``replies`` what is
  kept of a command for whoever tries it again, ``committer`` the one writer of a process.
- ``codec``: events and canonical msgpack; ``mapper``: the seam to the ``eventsourcing`` library.
- ``vault/``: keys, and what is sealed under them. ``ledger/``: the Merkle log, and all that a
  stranger needs to check it. ``anchor/``: what ties it to somebody else's memory. ``guard/``: what
  watches over it, freezes what is broken, and goes on after a loss.
- ``control``: what the log says in clear of itself and of its keys. ``lineage``: the names it has
  had. ``access_bundle``: a client's access bundle.
- ``custodians/``: what two people decide together: naming another, destroying, rotating.
- ``broker/``: the vault in a process of its own, and how a server without custody uses it.
- ``backup/``: three sealed sets that are kept apart, and a clinic put back from them.
- ``stores/``: where rows live. ``views``: versions of projections, and which one serves.
- ``layout``: what lies in a data folder; ``founding`` makes one, ``folder`` opens it, ``forward``
  brings an older one forward, ``clinic_secrets`` are its own; ``verify``: checked from end to end.
- ``accounts``: who may sign in; ``allowances``: what somebody may do so often a day; ``rules``:
  what a clinic has settled.
- ``world``: the clock, and a source of identifiers; ``durable``: files that are replaced whole;
  ``sharing``: files that the processes of one clinic share; ``errors``: what can go wrong here.
"""
