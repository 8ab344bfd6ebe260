"""Rebuildable read models: what anyone reads.

- ``case_state``: the current state of each case, and its state at any past instant;
  ``case_lines`` is what it says, ``joint`` what several people add to it.
- ``access_log``: per client, who looked or wrote, when, at what, and why.
- ``audit_trail``: the same for the whole clinic, staff matters included, in neutral words.
- ``caseload``: which cases each practitioner cares for.
- ``calendar``: the front desk's days: time, room, therapist.
- ``name_cards``: names, joined to lists as they are shown.
- ``staff``: who works here.
- ``process_notes``: each author's own list.
- ``erasures``: requests for erasure, and who the custodians are; ``retention``: when each record
  was first and last written in.
- ``identifiers``: who has this PESEL, telephone or e-mail, as far as one who has the key can tell.

``name_index`` finds names in memory and stores nothing.

``projection`` says what a projection is, ``workspace`` holds its rows while events are applied,
``follower`` applies each event exactly once, ``rebuild`` makes a version anew beside the one that
serves, ``derived`` takes away what no rebuild would make any more.

``entries`` is how the access log and the audit trail tell of an event, ``removal`` how notes come
and go otherwise than by being written, ``times`` how rows keep instants.
"""
