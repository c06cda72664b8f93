"""The order pipeline: state machine, checks, matching, placement, fills of resting orders, cancel."""
