"""The ledger: what makes the case record tamper-evident. No keys to contents, no store, no domain.

The map of this room, in the order of what stands on what:

- `errors`: every way a ledger says no, with the codes an incident is filed under.
- `merkle`: the RFC 6962 tree: hashes, the compact range of the append path, proofs.
- `entry`: `PSL1`, the 152 bytes that stand in the log for one stored record.
- `writer`: `LogWriter`, which turns sealed records into rows inside the store's transaction.
- `check`: `Audit`, the incremental checker that refolds a log from its rows.

Two rules hold throughout. Verification raises and never answers False. What the ledger hashes is
ciphertext, so nothing here can say what a client said.

Source:
    docs of the design: security, sections 2.1 to 2.8.
"""
