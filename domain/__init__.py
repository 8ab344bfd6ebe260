"""What a clinic does, in pure Python.

The map:

- ``events/``: the vocabulary, one file per aggregate; a stored name and version per event.
- ``client`` ``practitioner`` ``integration`` ``case`` ``session`` ``note`` ``process_note``
  ``consent`` ``access``: the aggregates, each as State, evolve, decisions.
- ``aliases``: how the texts of a joint case name those who take part in it.
- ``confidentiality``: the classes A to M, and under whose keys what is sealed.
- ``erasure`` ``legal_gate`` ``retention`` ``hold``: what may be destroyed, when, by whom.
- ``policy``: who may do what, to whose record, for which purpose, as one table.
- ``use_cases/``: load, permit, decide, append; one module per audience.
- ``ports``: what the domain needs from the world; ``values`` and ``errors``: its small words.

The domain never asks for the time, for randomness or for a file: it is handed them.
"""
