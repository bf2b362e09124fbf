"""The limiter for real: 600 requests from 10 threads at 90 a second, to a served sandbox that refuses the 101st.

    python -m benchmarks.limiter [THREADS]

The client counts every attempt, so a 429 shows as more requests sent than were asked for.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from expsync.api.client import Client
from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.faults import Faults
from expsync.sandbox.messages import Reply
from expsync.sandbox.server import ServedSandbox
from expsync.sandbox.store import Store

REQUESTS = 600
THREADS = 10
PER_SECOND = 90
REFUSED_FROM = 101


def busiest(times: list[float]) -> int:
    """The most of these times within any span shorter than a second."""
    times = sorted(times)
    first = most = 0
    for last, at in enumerate(times):
        while at - times[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def main(threads: int) -> int:
    """0, where no request was refused."""
    lines: list[str] = []
    answered: list[float] = []
    key = "ampex_0123456789abcdef"
    with Store(None) as store:
        engine = Engine(store, keys={key: None})
        engine.import_world(
            {"projectId": "1001", "experiments": [{"id": "1", "key": "a", "variants": [{"key": "control"}]}]}
        )
        seen: list[float] = []
        inner = engine.answer

        def watched(request: Request) -> Reply:
            seen.append(time.monotonic())
            return inner(request)

        engine.answer = watched  # type: ignore[method-assign]
        faults = Faults.parse([f"rate={REFUSED_FROM - 1}"])
        with (
            ServedSandbox(engine, faults) as served,
            Client(
                base_url=served.url,
                api_key=key,
                project_id="1001",
                environment="real",
                key_variable="KEY",
                requests_per_second=PER_SECOND,
                trace=lines.append,
            ) as client,
            ThreadPoolExecutor(threads) as pool,
        ):
            started = time.monotonic()

            def ask(_: int) -> None:
                client.get_experiment("1")
                answered.append(time.monotonic())

            list(pool.map(ask, range(REQUESTS)))
            took = time.monotonic() - started
            sent = client.requests_sent
    refused = sum(" 429 " in line for line in lines)
    least = (REQUESTS - 1) // PER_SECOND
    print(f"requests answered      {len(answered)} of {REQUESTS}, sent {sent}")
    print(f"threads                {threads}")
    print(f"429s                   {refused}")
    print(f"seconds                {took:.2f}, the least possible {least} (ratio {took / least:.3f})")
    # The server may see a few more than are sent: those that were on their way when its second began.
    print(f"most in any second     {busiest(seen)} as the server saw them; {PER_SECOND} are sent at most")
    return int(refused != 0 or sent != REQUESTS)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else THREADS))
