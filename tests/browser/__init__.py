"""Pages in a real browser, against a real web process."""
