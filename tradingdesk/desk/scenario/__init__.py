"""Scripted stretches of trading days, run on the real engine: `manage.py run_scenario` (SCENARIO.md is the format).

`tree` and `fields` read a file, `form`, `steps` and `references` know what stands in one (pure: no database); `scratch` gives it a database of its own; `stage`
builds market, instruments and accounts there; `runner` takes the steps through the desk's services; `result` reads what came out; `expectations` compares.
"""
