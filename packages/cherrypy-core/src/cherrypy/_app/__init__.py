"""Applications, the tree they are mounted on, and their WSGI entry."""
