"""From a path to a handler: dispatchers, handlers and resource plans."""
