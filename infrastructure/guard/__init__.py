"""What watches over the record while it is in use: it tells, it freezes, it never repairs.

- `pin`: the pinned head, by which a database put back to an earlier state is noticed at once.
- `watch`: `Guard`, where every finding ends.
- `incidents`: what was found broken, what is frozen because of it, and by whom it was settled.
- `spool`: looks that must stay possible while the record cannot be written, kept durably.
- `published`: whether the rows are those of the published log.
- `scrubber`: verifies what is new each minute and everything again each week.
- `settle`: opens what was frozen, once everything verifies again.
- `recovery`: lets a record that lost entries go on under a new name.

Source:
    docs of the design: security, sections 2.6 and 2.10.
"""
