"""What can be said of an address before anything is sent to it."""

import ipaddress


def is_loopback(host: str | None) -> bool:
    """Whether a host can only be this machine: `localhost`, 127.0.0.0/8, ::1."""
    try:
        return host == "localhost" or ipaddress.ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return False
