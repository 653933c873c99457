"""cheroot, for the peers that do not bring it."""

from __future__ import annotations

import threading
from typing import Any

from cheroot import wsgi


def serve(application: Any) -> int:
    """Serve a WSGI application from a thread, on a free port, which is returned."""
    server = wsgi.Server(("127.0.0.1", 0), application, numthreads=10)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    port: int = server.bind_addr[1]
    return port
