"""Jobs on this machine, as many at once as there are seats for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from benchmark.sweep.outcome import Outcome, Placed
from benchmark.sweep.slots import Room, Seat, Slots, gpu_wanted

#: What is to be recorded of a job that has ended. A job that is ended because the sweep is given up has none:
#: it is cut off, and not failed.
Conclusion = Callable[[], Outcome]


def in_seats(
    places: Sequence[Placed],
    slots: Slots,
    run: Callable[[Placed, Seat], Conclusion],
    stop: Callable[[], None],
) -> Iterator[Outcome]:
    """`run` of every job in a thread, as soon as a seat of the kind it needs is free.

    A job that waits for a GPU does not keep those behind it from a core. `stop` is called when the
    iteration is given up; it must make every `run` in progress return.
    """
    room = Room(slots)
    waiting = list(places)
    running: dict[Future[Conclusion], Seat] = {}
    pool = ThreadPoolExecutor(max_workers=max(1, min(slots.at_once, len(places))))
    try:
        while waiting or running:
            for place in tuple(waiting):
                seat = room.take(gpu_wanted(place.job.config["model"]))
                if seat is not None:
                    waiting.remove(place)
                    running[pool.submit(run, place, seat)] = seat
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                room.give(running.pop(future))
                yield future.result()()
    finally:
        if running:
            stop()
        pool.shutdown(cancel_futures=True)
