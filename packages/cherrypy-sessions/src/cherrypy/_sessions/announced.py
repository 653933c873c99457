"""What the checker and the reference know of sessions: settings, and a check."""

from collections.abc import Iterator

from cherrypy._runtime.layers import Layer

SETTINGS = (
    ("clean_freq", "number, minutes", 5, "Time between two removals of expired sessions."),
    ("connect_timeout", "number, seconds", 1, "How long to wait for a connection to memcached."),
    ("domain", "str", None, "Domain of the cookie."),
    ("httponly", "bool", True, "Keep the cookie from scripts."),
    ("key_prefix", "str", "session-", "First part of the keys of sessions in memcached."),
    ("lazy", "bool", False, "Send a cookie only when something is stored in the session."),
    ("lock_lease", "number, seconds", None, "When a lock in memcached ends by itself."),
    ("lock_prefix", "str", "session-lock-", "First part of the keys of locks in memcached."),
    ("lock_timeout", "any, seconds", 60, "How long a request waits for a lock; `None`: for ever."),
    ("locking", "str", "implicit", "When it is locked: `implicit`, `early`, `explicit` or `none`."),
    ("name", "str", "session_id", "Name of the cookie."),
    ("path", "str", None, "Path of the cookie."),
    ("path_header", "str", None, "Field of the request that has the path of the cookie."),
    ("persistent", "bool", True, "Whether the cookie outlives the browser."),
    ("retry_after", "number, seconds", 1, "How long a lost memcached server is left alone."),
    ("samesite", "str or bool", "Lax", "`Lax`, `Strict` or `None`; the last needs `secure`."),
    ("secure", "bool", None, "Send the cookie by HTTPS only. By default as the request came."),
    ("serializer", "any", None, "Turns session data into bytes, in place of the safe default."),
    ("server_loss", "str", "error", "Without memcached: `error` (503) or `new` (not kept)."),
    ("server_timeout", "number, seconds", 2, "How long to wait for an answer of memcached."),
    ("servers", "list or str", None, "Addresses of memcached."),
    ("storage_class", "class or str", None, "Class of the storage."),
    ("storage_path", "path", None, "Folder for sessions in files."),
    ("storage_type", "str", None, "Older name of a storage: `ram`, `file`, `memcached`."),
    ("timeout", "number, minutes", 60, "How long a session lasts after its last use."),
)
"""Of the tool ``sessions``."""


def check_cookies(layer: Layer) -> Iterator[str]:
    """Find session cookies that browsers refuse: SameSite=None without Secure."""
    key = "tools.sessions.samesite"
    is_none = str(layer.settings.get(key) or "").lower() == "none"
    if is_none and not layer.find("tools.sessions.secure"):
        yield layer.message(key, "browsers refuse such a cookie unless tools.sessions.secure is on")
