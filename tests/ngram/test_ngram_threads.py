"""Pools of threads: one thread does its work itself, with the same results and errors."""

from __future__ import annotations

import threading

import pytest

from baselines.ngram.sorting.threads import in_order, thread_pool


@pytest.mark.parametrize("threads", [1, 2])
def test_pools_of_any_size_give_the_same_results_and_errors(threads: int) -> None:
    with thread_pool(threads) as pool:
        done, failed = pool.submit(divmod, 7, 2), pool.submit(divmod, 7, 0)
        assert done.result() == (3, 1)
        assert list(pool.map(divmod, [7, 8], [2, 3])) == [(3, 1), (2, 2)]
        assert list(in_order(pool, abs, range(-3, 0), ahead=1)) == [3, 2, 1]
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                failed.result()


def test_a_pool_of_one_works_in_this_thread() -> None:
    with thread_pool(1) as pool:
        assert pool.submit(threading.get_ident).result() == threading.get_ident()
