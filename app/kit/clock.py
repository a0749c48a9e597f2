"""Time, in one place. Database time decides leases; this is for the edges."""

import time
from datetime import UTC, datetime

_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", None)  # Linux has it


def utc_now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)


def uptime_s() -> float:
    """Seconds that only grow, and grow also while the machine is suspended, which `time.monotonic` sleeps through.

    For what must not be done any more after so long, whatever this process did meanwhile.
    """
    return time.monotonic() if _SINCE_BOOT is None else time.clock_gettime(_SINCE_BOOT)
