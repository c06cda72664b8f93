"""The market process: leads markets, takes their ticks, records them, and lets resting orders see every one of them in order."""
