"""The broker as a process of its own: the only one that opens custody (docs/broker.md).

The map of this room:

- ``protocol``: frames, the closed set of requests, their limits.
- ``server``: the socket and who may speak on it; ``service``: what each request is answered.
- ``admission``: whether a claimed access entry was really committed; ``quotas``: for how many.
- ``releases``: what was released to whom, durably; ``reconcile``: whether the log tells the same.
- ``line``: a worker's connections; ``client``: the vault as a worker uses it through them.
- ``worker``: opens a data folder with its keys elsewhere.
"""
