"""The use cases: load, permit, decide, append.

- ``registration``: a client's file, by the front desk and by clinicians.
- ``cases`` ``sessions`` ``notes`` ``process_notes`` ``consents`` ``caseload``: by clinicians;
  ``on_case`` is how each of them begins.
- ``members`` ``joint``: who takes part in a joint case, and what is written about several at once.
- ``reception``: the calendar. ``compliance``: access logs and the audit trail, by officers and by
  the client herself. ``administrator``: staff, programs, sign-ins. ``sign_in``: everybody.
- ``finding``: people, by an identifier or a name, and words in a record; by clinicians and the
  front desk.
- ``erasures`` ``misfiled`` ``holds`` ``custodians``: what is destroyed, moved or kept, by officers,
  clinicians and the custodians; ``erasing`` finds what a request is about, ``erasure_looks`` shows
  requests.
- ``continuity``: backups and drills, by the clinic itself.
- ``desk``: where all of them stand.

Every look goes the same way (``desk.look``): load the frame, ask the policy, record the access,
and only then hand out an opening. Every command goes the same way (``desk.admit``, then the
record's ``append``). A refused one leaves a denial in the record and hears that nothing is there.
"""
