"""One request and its response, from the WSGI environ to the header list."""
