"""The driver: polls, ingests, delivers and reloads.

It speaks to ports only, carries out what the pure rooms decided, and keeps the order of the steps in one visible place of
each module.
"""
