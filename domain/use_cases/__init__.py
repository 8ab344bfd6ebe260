"""The use cases: load, permit, decide, append; one module per audience.

Every look goes the same way (``desk.look``): load the frame, ask the policy, record the access,
and only then hand out an opening. Every command goes the same way (``desk.admit``, then the
record's ``append``). A refused one leaves a denial in the record and hears that nothing is there.
"""
