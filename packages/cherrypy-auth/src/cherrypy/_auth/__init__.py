"""Authentication: credentials as RFC 7617 and RFC 7616 have them."""
