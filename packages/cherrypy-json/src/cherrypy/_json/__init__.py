"""JSON: values to text and back (RFC 8259), and the two tools."""
