"""The settings of the server, as the checker and the reference know them."""

SETTINGS = (
    ("accepted_queue_size", "int, connections", -1, "Connections that wait for a thread; -1: any."),
    ("accepted_queue_timeout", "number, seconds", 10, "How long one waits for room among them."),
    ("httpserver", "any", None, "Server to use in place of ours."),
    ("instance", "any", None, "The same by a name that can be imported."),
    ("keep_underscores", "bool", False, "Pass on header fields with an underscore in the name."),
    ("max_request_body_size", "int, bytes", 104_857_600, "Greatest size of a body; 0: any."),
    ("max_request_header_size", "int, bytes", 512_000, "Greatest size of all fields; 0: any."),
    ("nodelay", "bool", True, "Send small packets at once (TCP_NODELAY)."),
    ("peercreds", "bool", False, "Tell the process at the other end of a Unix socket."),
    ("peercreds_resolve", "bool", False, "Tell the names of its user and group too."),
    ("protocol_version", "str", "HTTP/1.1", "Version of HTTP that is spoken."),
    ("shutdown_timeout", "number, seconds", 5, "How long requests may run when the server stops."),
    ("socket_file", "path", None, "Path of a Unix socket, in place of host and port."),
    ("socket_group", "str or int", None, "Group of that file."),
    ("socket_host", "str", "127.0.0.1", "Address to listen at; `0.0.0.0` for all."),
    ("socket_mode", "int", None, "Rights of that file, such as `0o660`; else the umask decides."),
    ("socket_port", "int", 8080, "Port to listen at; 0 lets the system choose a free one."),
    ("socket_queue_size", "int, connections", 5, "Connections that the system keeps for us."),
    ("socket_timeout", "number, seconds", 10, "How long a connection may be silent."),
    ("socket_user", "str or int", None, "Owner of that file."),
    ("ssl_certificate", "path", None, "File of the certificate; with it, the server speaks TLS."),
    ("ssl_certificates", "list", (), "More of them: pairs of certificate and key, by host name."),
    ("ssl_certificate_chain", "path", None, "File of the certificates that sign it."),
    ("ssl_client_ca", "path", None, "File or folder of what signs the certificates of clients."),
    ("ssl_ciphers", "str", None, "Ciphers, in the form of OpenSSL."),
    ("ssl_context", "any", None, "An `ssl.SSLContext`, for everything else about TLS."),
    ("ssl_minimum_version", "any", "1.2", "Oldest version of TLS: `1.2` or `1.3`."),
    ("ssl_module", "any", "builtin", "TLS adapter: `builtin`, `pyopenssl` or a class."),
    ("ssl_private_key", "path", None, "File of the private key."),
    ("ssl_private_key_password", "any", None, "Its password: text, or a function returning it."),
    ("ssl_redirect_port", "int", None, "Port where plain HTTP is redirected to HTTPS."),
    ("ssl_verify_client", "any", False, "Certificates of clients: `optional`, or True."),
    ("statistics", "bool", False, "Count what the server does."),
    ("thread_pool", "int, threads", 10, "Threads that handle requests."),
    ("thread_pool_max", "int, threads", -1, "Greatest number of them; -1 for `thread_pool`."),
    ("wsgi_version", "tuple", (1, 0), "Version of the WSGI environ."),
)
"""Of the namespace ``server``."""

NAMED = (("on", "bool", True, "Whether this further server starts with the engine."), *SETTINGS)
"""Of ``server.<name>``: further servers."""
