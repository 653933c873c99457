"""The same site in several processes, which granian serves; a supervisor looks after them."""
