"""The examples of CherryPy 18 were here; the tutorials are in ``docs/tutorials`` now."""
