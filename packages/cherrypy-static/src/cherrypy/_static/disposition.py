"""Content-Disposition: whether content is shown or saved, and under which name (RFC 6266)."""

import re
from urllib.parse import quote

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ATTR_CHAR = "!#$&+-.^_`|~"  # RFC 8187 section 3.2.1, beside letters and digits


def format_disposition(disposition: str, name: str | None) -> str:
    """Write a Content-Disposition field.

    Args:
        disposition: ``attachment``, ``inline``, ...
        name: Name under which the content is to be saved; ``None`` or empty for none.

    Returns:
        The value of the field. A name that is not plain ASCII is in it twice: without the other
        characters, for old clients, and as RFC 8187 writes it.

    See: RFC 6266 sections 4.1 and 4.3, and appendix D.
    """
    if not name:
        return disposition
    name = _CONTROL.sub("", name)
    ascii_name = name.encode("ascii", "ignore").decode("ascii")
    escaped = ascii_name.replace("\\", "\\\\").replace('"', '\\"')
    field = f'{disposition}; filename="{escaped}"'
    if escaped != name:
        encoded = quote(name.encode("utf-8", "replace"), safe=_ATTR_CHAR)
        field += f"; filename*=UTF-8''{encoded}"
    return field
