"""Why there is no image: each error is one line for whoever wanted it."""


class EngineUnavailable(Exception):
    """This machine can neither build nor run images."""


class ImageFailed(Exception):
    """An image could be made here, but this one was not built, does not run or does not answer."""
