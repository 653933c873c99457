"""Elements of field values that are lists, with parameters and weights (RFC 9110 section 5.6)."""

from operator import attrgetter, itemgetter
from typing import Any, Self

from cherrypy._http.errors import MalformedFieldError
from cherrypy._http.fields import (
    parse_qvalue,
    quote_unless_token,
    split_list,
    split_parameters,
)


class HeaderElement:
    """One element of a list in a field value, with its parameters (RFC 9110 section 5.6.6).

    Args:
        value: The element without parameters.
        params: Parameters by name.
    """

    def __init__(self, value: str, params: dict[str, Any] | None = None) -> None:
        self.value = value
        self.params: dict[str, Any] = {} if params is None else params

    @staticmethod
    def parse(elementstr: str) -> tuple[str, dict[str, str]]:
        """Split an element into its value and its parameters.

        Args:
            elementstr: Such as ``text/html;charset="utf-8"``.

        Returns:
            The value, and unquoted values by parameter name in lower case; the last one counts.
        """
        value, parameters = split_parameters(elementstr)
        return value, dict(parameters)

    @classmethod
    def from_str(cls, elementstr: str) -> Self:
        """Make an instance of an element as it stands in a field."""
        return cls(*cls.parse(elementstr))

    def __lt__(self, other: "HeaderElement") -> bool:
        """Order by value."""
        return self.value < other.value

    def __str__(self) -> str:
        """Return the element as it stands in a field."""
        if not self.params:
            return self.value
        return self.value + "".join(
            f";{name}={_parameter_text(value)}" for name, value in self.params.items()
        )

    def __bytes__(self) -> bytes:
        """Return the element as it stands in a field, in Latin-1."""
        return str(self).encode("latin-1")

    def __repr__(self) -> str:
        """Return the call that makes an equal instance."""
        return f"{type(self).__name__}({self.value!r}, {self.params!r})"


def _parameter_text(value: object) -> str:
    """Return a parameter value as it stands in a field.

    That of a weight is an element with parameters of its own.
    """
    return str(value) if isinstance(value, HeaderElement) else quote_unless_token(str(value))


class AcceptElement(HeaderElement):
    """An element of an Accept field, with its weight (RFC 9110 section 12.4.2).

    The weight is the parameter ``q``, a :class:`HeaderElement` that has the parameters after it.
    """

    @classmethod
    def from_str(cls, elementstr: str) -> Self:
        """Make an instance of an element as it stands in a field."""
        value, parameters = split_parameters(elementstr)
        names = [name for name, _ in parameters]
        if "q" not in names:
            return cls(value, dict(parameters))
        weight = names.index("q")
        params: dict[str, Any] = dict(parameters[:weight])
        params["q"] = HeaderElement(parameters[weight][1], dict(parameters[weight + 1 :]))
        return cls(value, params)

    @property
    def qvalue(self) -> float:
        """Weight, from 0.0 to 1.0; greater ones count as 1.0, and so does an absent one.

        Raises:
            MalformedFieldError: The weight is not a decimal number.
        """
        weight = self.params.get("q")
        if weight is None:
            return 1.0
        text = weight.value if isinstance(weight, HeaderElement) else str(weight)
        try:
            return parse_qvalue(text)
        except MalformedFieldError as error:
            raise MalformedFieldError(f"Malformed HTTP header: `{self}`") from error

    def __lt__(self, other: HeaderElement) -> bool:
        """Order by weight, then by text."""
        return self._rank() < (
            other._rank() if isinstance(other, AcceptElement) else (1.0, str(other))
        )

    def _rank(self) -> tuple[float, str]:
        return self.qvalue, str(self)


def header_elements(fieldname: str, fieldvalue: str | None) -> list[HeaderElement]:
    """Parse a field that holds a list.

    Args:
        fieldname: Name of the field. Those that begin with ``Accept``, and ``TE``, have weights.
        fieldvalue: Value as received; nothing if empty or None.

    Returns:
        Elements, the greatest first: by weight and text, or by value where there are no weights.

    Raises:
        MalformedFieldError: A weight is not a decimal number.

    See: RFC 9110 sections 5.6.1 and 12.4.2.
    """
    if not fieldvalue:
        return []
    name = fieldname.lower()
    if name.startswith("accept") or name == "te":
        ranked = [
            (element.qvalue, str(element), element)
            for element in map(AcceptElement.from_str, split_list(fieldvalue))
        ]
        return [element for _, _, element in sorted(ranked, key=itemgetter(0, 1), reverse=True)]
    elements = sorted(map(HeaderElement.from_str, split_list(fieldvalue)), key=attrgetter("value"))
    return elements[::-1]  # not sorted in reverse: of equals the last comes first, as upstream
