"""Settings of the digest tool that its signature does not tell.

The other arguments of the tools are known from the signatures of their functions.
"""

DIGEST = (
    ("get_ha1", "callable", None, "Function of realm and user name; returns the hash or `None`."),
    ("nonce_lifetime", "number, seconds", 600, "How long a nonce is good."),
)
"""Of the tool ``auth_digest``."""
