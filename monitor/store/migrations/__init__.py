"""How older records become today's: one module a step, each run once, all of them in one transaction.

A step is never edited after a release; a change to ``schema.py`` is a new step. Steps speak SQL types only and must not
import ``schema``, for they describe the past.
"""
