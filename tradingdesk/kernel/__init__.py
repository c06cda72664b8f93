"""The lowest layer: money, clock, errors, transitions, locks, guards, dispatch, admin base.

Imports nothing of ours; everything else may import it.
"""
