"""Rules of HTTP as pure functions on text and octets; nothing here does I/O."""
