"""How dates are written and read on the desk: year first, 24 hours, UTC."""
