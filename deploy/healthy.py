#!/opt/sightline/bin/python
"""Ends well if the service in this container is alive, by http or by https."""

import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection

PLACE = "127.0.0.1", 8080
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
    # Its certificate is for names from outside: this is about its life, not about whom to believe.
    unverified = ssl._create_unverified_context()
    ways = HTTPConnection(*PLACE, timeout=PATIENCE_S), HTTPSConnection(*PLACE, timeout=PATIENCE_S, context=unverified)
    return 0 if any(map(is_alive, ways)) else 1


if __name__ == "__main__":
    sys.exit(main())
