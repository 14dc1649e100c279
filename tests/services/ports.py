"""Ports of this machine's loopback interface."""

import socket


def free_port() -> int:
    """A TCP port that nobody listens on at 127.0.0.1, as the operating system chose it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    """Whether somebody listens on this port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False
