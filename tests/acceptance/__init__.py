"""The whole program from outside: started, killed and started again beside a receiver that answers as scripted, and a ledger
that says afterwards what was wanted, lost, duplicated and unexpected.

Nothing here knows how the program does its work. It knows what docs/ promises: ids, the form of a push, the webhook's
headers, the lines of the alert log, and that SQLite's files are SQLite's.
"""
