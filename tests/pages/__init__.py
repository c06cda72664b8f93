"""Pages, through Django's client: what people see, and that no input moves what it must not."""
