"""Sessions: what a store of them must do, the stores, and how a session is written."""
