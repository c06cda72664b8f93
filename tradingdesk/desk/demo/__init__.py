"""The demo desk: enough to trade within a minute of the first start. What exists already is left as its operators have made it."""
