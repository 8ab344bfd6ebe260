"""Questionnaires: what they are, how they are scored, and how a change is judged.

``definition`` says what an instrument is, ``published`` has those that come with the clinic,
``scoring`` makes scores of answers, ``change`` judges two of them.
"""
