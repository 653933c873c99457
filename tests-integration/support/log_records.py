"""A handler of :mod:`logging` that keeps what is logged, for every suite."""

import logging


class Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.kept.append(record)

    @property
    def messages(self) -> list[str]:
        """The messages, without tracebacks."""
        return [record.getMessage() for record in self.kept]

    @property
    def text(self) -> str:
        """Everything that was logged, with tracebacks."""
        return "\n".join(map(self.format, self.kept))
