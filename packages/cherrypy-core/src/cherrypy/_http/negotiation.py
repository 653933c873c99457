"""Content negotiation: how much a client wants each of a server's offers (RFC 9110 section 12).

A weight is from 0.0 (not acceptable) to 1.0. Callers deal with an absent field, by which everything
is acceptable; an empty field is not the same.
"""

from collections.abc import Callable, Iterable

from cherrypy._http.fields import parse_qvalue, split_list, split_parameters


def weights(field: str) -> list[tuple[str, tuple[tuple[str, str], ...], float]]:
    """Read a list with weights.

    Args:
        field: Value of an Accept field as received.

    Returns:
        For each element its value in lower case, the parameters before the weight, and the
        weight, in the order of the field.

    Raises:
        MalformedFieldError: A weight is not a decimal number.

    See: RFC 9110 sections 12.4.2 and 12.5.
    """
    ranges = []
    for element in split_list(field):
        value, parameters = split_parameters(element)
        weight = 1.0
        own = []
        for name, text in parameters:
            if name == "q":
                weight = parse_qvalue(text)
                break
            own.append((name, text))
        ranges.append((value.lower(), tuple(own), weight))
    return ranges


def media_type_weight(field: str, media_type: str) -> float:
    """Return the weight of a media type.

    Args:
        field: Value of Accept as received.
        media_type: Such as ``text/html`` or ``text/html;level=1``.

    Returns:
        The weight of the most specific range that matches; 0.0 if none does.

    Raises:
        MalformedFieldError: A weight is not a decimal number.

    See: RFC 9110 section 12.5.1.
    """
    offered, parameters = split_parameters(media_type)
    offered = offered.lower()
    family = offered.partition("/")[0] + "/*"
    own = {(name, value.lower()) for name, value in parameters}
    best = (-1, 0.0)
    for value, wanted, weight in weights(field):
        if value == offered and own.issuperset((name, text.lower()) for name, text in wanted):
            rank = 2 + len(wanted)
        elif value in {"*/*", "*"}:  # "*" alone is not a media range; old Java clients send it
            rank = 0
        elif value == family:
            rank = 1
        else:
            continue
        best = max(best, (rank, weight))
    return best[1]


def content_coding_weight(field: str, coding: str) -> float:
    """Return the weight of a content coding.

    Args:
        field: Value of Accept-Encoding as received.
        coding: Such as ``gzip``, or ``identity`` for none.

    Returns:
        Its own weight, else that of ``*``, else 1.0 for ``identity`` and 0.0 for others.

    Raises:
        MalformedFieldError: A weight is not a decimal number.

    See: RFC 9110 section 12.5.3; ``x-gzip`` and ``x-compress`` are section 8.4.1's.
    """
    named = {value.removeprefix("x-"): weight for value, _, weight in weights(field)}
    coding = coding.lower().removeprefix("x-")
    return named.get(coding, named.get("*", 1.0 if coding == "identity" else 0.0))


def preferred(
    field: str | None, offers: Iterable[str], weight_of: Callable[[str, str], float]
) -> str | None:
    """Choose among the offers of a server.

    Args:
        field: Value of an Accept field as received; None without the field.
        offers: Those of the server, the one it likes best first.
        weight_of: How the field weighs an offer, such as :func:`media_type_weight`.

    Returns:
        The offer of the greatest weight, the first of equals; None if none is acceptable.

    Raises:
        MalformedFieldError: A weight is not a decimal number.
    """
    best: str | None = None
    best_weight = 0.0
    for offer in offers:
        weight = 1.0 if field is None else weight_of(field, offer)
        if weight > best_weight:
            best, best_weight = offer, weight
    return best
