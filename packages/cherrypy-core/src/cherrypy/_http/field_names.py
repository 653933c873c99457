"""Names of header fields (the IANA registry of RFC 9110 section 18.4), and their WSGI keys."""

KNOWN_NAMES = frozenset(
    {
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Accept-Ranges",
        "Access-Control-Allow-Origin",
        "Age",
        "Allow",
        "Authorization",
        "Cache-Control",
        "Connection",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Content-Length",
        "Content-Range",
        "Content-Security-Policy",
        "Content-Type",
        "Cookie",
        "Date",
        "Etag",
        "Expires",
        "Host",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "Last-Modified",
        "Link",
        "Location",
        "Origin",
        "Pragma",
        "Range",
        "Referer",
        "Referrer-Policy",
        "Retry-After",
        "Sec-Fetch-Dest",
        "Sec-Fetch-Mode",
        "Sec-Fetch-Site",
        "Sec-Fetch-User",
        "Server",
        "Set-Cookie",
        "Strict-Transport-Security",
        "Transfer-Encoding",
        "Upgrade-Insecure-Requests",
        "User-Agent",
        "Vary",
        "Www-Authenticate",
        "X-Content-Type-Options",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Frame-Options",
        "X-Real-Ip",
        "X-Request-Id",
        "X-Requested-With",
    }
)
"""Names that most messages have, spelt as HeaderMap spells them. Others are correct, but slower."""

_KEYS_WITHOUT_PREFIX = {
    "CONTENT_TYPE": "Content-Type",
    "CONTENT_LENGTH": "Content-Length",
    "REMOTE_ADDR": "Remote-Addr",
    "REMOTE_HOST": "Remote-Host",
}
# PERF: in every environ. A key that is found here costs a third of a look at its beginning.
_KEYS_OF_NO_FIELD = (
    "PATH_INFO",
    "QUERY_STRING",
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "wsgi.errors",
    "wsgi.input",
    "wsgi.multiprocess",
    "wsgi.multithread",
    "wsgi.run_once",
    "wsgi.url_scheme",
    "wsgi.version",
)

ENVIRON_NAMES = {
    **{f"HTTP_{name.upper().replace('-', '_')}": name for name in KNOWN_NAMES},
    "HTTP_CGI_AUTHORIZATION": "Authorization",
    **_KEYS_WITHOUT_PREFIX,
    **{f"HTTP_{key}": "" for key in _KEYS_WITHOUT_PREFIX},
    **dict.fromkeys(_KEYS_OF_NO_FIELD, ""),
}
"""Field name by WSGI environ key; empty where the key is not a field of the request.

PEP 3333 has the two ``CONTENT_`` keys without ``HTTP_``. With it, they come from a client that
tries to pass for the server, and so do the ``REMOTE_`` ones.
"""
