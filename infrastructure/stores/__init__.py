"""Where rows live: one contract, stores that share no code.

- ``contract``: what a store of records is asked and answers.
- ``sqlite``, ``memory``: stores of records; ``connections``: readers of one SQLite file.
- ``views_sqlite``, ``views_memory``: where projections keep their rows.
"""
