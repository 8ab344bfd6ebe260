"""anchor: what ties the log to somebody else's memory.

- `checkpointer`: signs the log's head, from a memory of its own.
- `witness`: remembers the newest tree of each log it knows, and cosigns only what continues it;
  `own_keys`: by which keys.
- `gather`: asks the witnesses of a policy for their cosignatures, and never waits long for any.
- `ask`: asks them what they saw last, before a server starts.
- `policy`: whose signatures make a checkpoint good. `rotation`: replaces these keys, with overlap.
- `proofs`: proofs out of the published tiles, each verified before it is handed out.
- `export`: the log as a folder for auditors.
- `timestamp`: has somebody state that a checkpoint existed by a time. `stamps`: on their way.

Source:
    docs of the design: security, sections 2.4 to 2.6.
"""
