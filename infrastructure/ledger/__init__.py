"""The ledger: what makes the case record tamper-evident. No keys to contents, no store, no domain.

The map of this room, in the order of what stands on what.

The tree and its entries:

- `errors`: every way a ledger says no, with the codes an incident is filed under.
- `merkle`: the RFC 6962 tree: hashes, the compact range of the append path, proofs.
- `multiproof`: one proof for many leaves; `map`: the map of streams, sorted.
- `entry`: `PSL1`, the 152 bytes that stand in the log for one stored record.
- `writer`: `LogWriter`, which turns sealed records into rows inside the store's transaction.

Who has signed what:

- `ed25519`: which public keys may be relied on.
- `note`: signed notes; `checkpoint`: the head of a log; `receipt`: the promise of a place in it.
- `trust`: the policy: whose logs and whose witnesses one believes, and how many of them it takes.

The laws of a log:

- `canonical`: the strict reader of msgpack; `control`: what records say in clear; `key_control`:
  what they say of keys; `shape`: what both share.
- `chain`: the laws over successive entries. `check` holds rows to them, `entries` bare entries.
- `lifecycle`: what control records mean for the entries: keys, access logs, map heads, recoveries.
  `policy_key`: the keys of the log and of its witnesses, as the log names and ends them.
- `memory`: how far a log was verified; `verification`: the next batch, from there.

What is shown to strangers, and how they judge it:

- `tiles`: the log as a folder of files; `proof`: that one entry stands in it.
- `access`: what an entry of an access log says to whoever has its key; `bundle`: all of a client's.
- `verdict`: claims, good or bad; `walk`: over an exported log once; `remembered`: what was seen
  before.
- `offline`: an exported log, a proof, a receipt and a bundle, judged claim by claim. `__main__` is
  its command line: `python -m infrastructure.ledger`.

Two rules hold throughout. Verification raises and never answers False; only `verdict` turns that
into words. What the ledger hashes is ciphertext, so nothing here can say what a client said, but
for `access`, and that with the key of one entry.

It knows the standard library and `cryptography`: a stranger runs it without the clinic.

Source:
    docs of the design: security, sections 2.1 to 2.10; docs/formats.
"""
