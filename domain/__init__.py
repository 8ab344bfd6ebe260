"""What a clinic does, in pure Python.

The map:

- ``events/``: the vocabulary, one file per aggregate; a stored name and version per event.
- ``client`` ``practitioner`` ``integration`` ``case`` ``session`` ``note`` ``process_note``
  ``consent`` ``erasure`` ``continuity``: the aggregates, each as State, evolve, decisions.
  ``access``: the entries that a look leaves.
- ``legal_gate`` ``retention`` ``hold``: what the law lets an erasure destroy, and when.
- ``aliases``: how the texts of a joint case name those who take part in it.
- ``identifying`` ``likeness`` ``extracts``: by what people, names and words are found.
- ``confidentiality``: the classes A to M, and under whose keys what is sealed.
- ``policy``: who may do what, to whose record, for which purpose, as one table.
- ``use_cases/``: load, permit, decide, append; one module per audience.
- ``ports``: what the domain needs from the world; ``rows``: what projections need of it.
- ``values`` and ``errors``: the small words of all of them; ``wording``: how long a text may be.

The domain never asks for the time, for randomness or for a file: it is handed them.
"""
