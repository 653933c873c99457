"""Static content: which file a path names, and what is sent of it."""
