"""What is wrong with the settings of a server."""


class SettingError(ValueError):
    """A setting of the server that makes no sense; the message says which and why, in one line."""
