"""Settings of the tool ``json_in`` that its signature does not tell: those with a unit.

The other arguments of the tools are known from the signatures of their functions.
"""

JSON_IN = (
    ("max_depth", "int, levels", 200, "How many arrays and objects may be inside of each other."),
    ("max_size", "int, bytes", 10_485_760, "Size of a document; `None` for that of the server."),
)
