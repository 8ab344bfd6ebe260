"""The broker as a process of its own: the only one that opens custody (docs/broker.md).

The map of this room:

- ``protocol``: frames, the closed set of requests, their limits.
- ``server``: the socket and who may speak on it; ``service``: what each request is answered.
- ``giving``: keys for writing; ``looking``: openings; ``admission``: whether the access entry that
  is claimed was really committed.
- ``watch``: what is written down of everything; ``releases``: the book; ``quotas``: for how many;
  ``reconcile``: whether the log tells the same.
- ``line``: a worker's connections; ``keys``, ``client``: the vault as it uses it through them;
  ``destroying``: the domain's ``Shredder`` through them.
- ``worker``: opens a data folder with its keys elsewhere.
- ``hygiene``: what a process does that holds keys.
"""
