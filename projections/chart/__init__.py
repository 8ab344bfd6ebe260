"""The chart: every item of a case, one row each, one module per kind of item.

``rows`` is the table and how a kind writes in it, ``projection`` lists the kinds, ``queries`` reads
items now or as they were; a kind's module holds its rows and the lines that are made of them.
"""
