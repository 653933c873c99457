"""Rules of HTTP as pure functions on text and bytes; nothing here does I/O."""
