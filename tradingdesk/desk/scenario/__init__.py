"""Scripted stretches of trading days, run on the real engine: `manage.py run_scenario` (SCENARIO.md is the format).

Reading, without a database: `tree` is a file as it stands, `fields` how one value is read, `form` and `steps` what may stand in it, `scenario` the whole,
`layout` what a result looks like. Running: `databases` and `scratch` give each file a database of its own, `stage` builds its market there, `carry` what it
begins with, `runner` takes the steps through the desk's services. Telling: `result` reads what came out, `expectations` compares, `tables` shows it; `files`
is all of it.
"""
