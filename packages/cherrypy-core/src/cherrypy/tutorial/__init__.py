"""The tutorials of CherryPy 18; those of today are pages of the documentation."""

ADVICE = "the tutorials are pages of the documentation, and begin with tutorials/first-steps"
