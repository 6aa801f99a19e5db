"""What can go wrong between a camera and a sink; the type decides whether it is retried."""


class StreamerError(Exception):
    """Base of every error of the streaming service; its text is one line for a person."""


class ConfigError(StreamerError):
    """The configuration is wrong: ``file:line: expected ..., received ...``."""


class WrongOption(ConfigError):
    """An option is wrong, wherever it was said.

    Attributes:
        path: its keys, from the root of the configuration or of a camera.
        text: what was expected and received.
    """

    def __init__(self, path: tuple[str, ...], text: str) -> None:
        super().__init__(f"{'.'.join(path)}: {text}")
        self.path = path
        self.text = text


class UnknownCamera(StreamerError):
    """There is none of this name."""


class SourceError(StreamerError):
    """A camera, stream or file could not be read."""


class SourceUnavailable(SourceError):
    """The source does not answer, or stopped answering; the supervisor tries again."""


class SourceEnded(SourceError):
    """The source came to its end or can never be read; nothing is retried."""


class SinkError(StreamerError):
    """A result could not be published or stored."""


class SinkUnavailable(SinkError):
    """The sink does not take anything at present (a full disk, a closed pipe); retried."""


class SinkRefused(SinkError):
    """The sink says no: a wrong password, no right to a topic; it stays so until a person changes it."""


class MessageRejected(SinkError):
    """The sink will never take this message; it is counted and left out."""


class SchemaBroken(StreamerError):
    """A record no longer fits the schema that was published under the same name; it needs a new name."""


class DetectorStuck(StreamerError):
    """A run of a model never returned, not even with a fresh session; the process has to end."""
