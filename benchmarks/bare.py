"""What a request costs that does nothing else: `httpx.Client.get` in a loop at 90 a second.

    python -m benchmarks.bare URL

prints the milliseconds of processor time that one takes, the import of httpx left out. A processor that has slept since
the last request takes about twice as long for the next as one that goes on at once.
"""

from __future__ import annotations

import sys
import time

import httpx

REQUESTS = 450
PER_SECOND = 90


def main(url: str) -> int:
    """0, once the figure is printed."""
    with httpx.Client() as client:
        address = f"{url}/api/1/experiments/100001/variants/control"
        client.get(address).raise_for_status()
        began, used = time.monotonic(), time.process_time()
        for number in range(REQUESTS):
            time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
            client.get(address)
        print((time.process_time() - used) / REQUESTS * 1000)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
