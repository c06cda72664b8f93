"""REST, through Django's client: what programs send and what they get back."""
