"""Where rows live: one contract, stores that share no code.

- ``contract``: what a store of records is asked and answers.
- ``sqlite``, ``memory``: stores of records.
- ``views_sqlite``, ``views_memory``: where projections keep their rows.
"""
