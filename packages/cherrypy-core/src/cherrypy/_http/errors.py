"""Errors in a message, as exceptions that know the status code of the answer."""


class ProtocolError(ValueError):
    """A message of a client breaks a rule of HTTP, and guessing its meaning would be wrong.

    The text of the exception may be shown to the client.

    Attributes:
        status: Status code that answers such a request.
    """

    status = 400


class MalformedFieldError(ProtocolError):
    """A header field that breaks the syntax of its kind."""


class MalformedTargetError(ProtocolError):
    """A request target, host or protocol version that breaks its syntax."""


class TooManyFieldsError(ProtocolError):
    """A query or form with more fields than allowed."""


class TooManyRangesError(ProtocolError):
    """A Range field with more ranges than allowed (RFC 9110 section 17.15)."""


class ContentError(ConnectionError, ProtocolError):
    """The content of a request cannot be read to its end: what there is of it is not the whole.

    An ``OSError``, which applications know as a client that has gone.

    Args:
        reason: What is wrong, for the client.
        status: Status code of the answer.

    See: RFC 9112 section 8.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
