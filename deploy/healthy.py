#!/opt/sightline/bin/python
"""Ends well if the service in this container is alive, by http or by https: ``healthy [PORT]``."""

import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection

PATIENCE_S = 2.0


def is_alive(connection: HTTPConnection) -> bool:
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    # Its certificate is for names from outside, and this asks whether it lives, not who it is.
    unverified = ssl._create_unverified_context()
    place = "127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    plain = HTTPConnection(*place, timeout=PATIENCE_S)
    hidden = HTTPSConnection(*place, timeout=PATIENCE_S, context=unverified)
    return 0 if is_alive(plain) or is_alive(hidden) else 1


if __name__ == "__main__":
    sys.exit(main())
