"""Why there is no broker: each error is one line for whoever wanted it."""


class BrokerUnavailable(Exception):
    """This machine cannot run a broker: no Java, no Maven, or no way to its jars."""


class BrokerFailed(Exception):
    """A broker could be run here, but this one did not start or has ended."""
