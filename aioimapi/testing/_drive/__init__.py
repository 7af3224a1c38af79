"""The conformance checks for drives, by what they look at; :func:`aioimapi.testing.check_drive` runs them."""
