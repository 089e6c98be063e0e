"""Every target of a stream is read once, behind the token that precedes it."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.neural.reading.segments import EncodedStream, batches_by_length, pad, sentences, stream_rows

START = 99
IDS = st.lists(st.integers(0, 5), max_size=60).map(lambda ids: np.array(ids, dtype=np.uint16))
END = 2


def read(ids, groups, unroll):
    """Input and target at each position, as the segments give them; fails if one comes twice."""
    encoded = EncodedStream(ids, START, torch.device("cpu"))
    pairs = {}
    for rows in groups:
        for segment in encoded.segments(rows, unroll):
            assert 1 <= len(segment.inputs) <= unroll
            inputs = segment.select(segment.inputs[..., None]).squeeze(1).tolist()
            triples = zip(segment.positions.tolist(), inputs, segment.targets.tolist(), strict=True)
            for position, before, target in triples:
                assert position not in pairs
                pairs[position] = (before, target)
    return pairs


def expected(ids):
    before = [START, *ids.tolist()]
    return {place: (before[place], int(target)) for place, target in enumerate(ids)}


@given(ids=IDS, rows=st.integers(1, 9), unroll=st.integers(1, 9))
def test_stream_rows_leave_nothing_over(ids, rows, unroll):
    cut = stream_rows(len(ids), rows, unroll)
    assert read(ids, [cut], unroll) == expected(ids)
    assert len(cut.starts) <= rows
    assert cut.lengths.max() - cut.lengths.min() <= 1
    assert cut.lengths.min() >= unroll or len(cut.starts) == 1


@given(ids=IDS, most=st.integers(1, 9), places=st.integers(1, 40), unroll=st.integers(1, 9))
def test_sentences_leave_nothing_over_and_keep_to_their_groups(ids, most, places, unroll):
    rows = sentences(ids, END)
    assert all(
        (ids[start : start + length - 1] != END).all()
        for start, length in zip(rows.starts, rows.lengths, strict=True)
    )
    groups = batches_by_length(rows, most=most, places=places)
    assert read(ids, groups, unroll) == expected(ids)
    for group in groups:
        assert len(group.starts) <= most
        assert len(group.starts) == 1 or len(group.starts) * group.lengths.max() <= places


def test_a_stream_without_an_end_is_one_sentence():
    rows = sentences(np.array([1, 2, 3]), None)
    assert (rows.starts.tolist(), rows.lengths.tolist()) == ([0], [3])


def test_segments_are_of_nearly_equal_length():
    ids = np.zeros(73, dtype=np.uint16)
    rows = stream_rows(73, 2, 10)
    encoded = EncodedStream(ids, START, torch.device("cpu"))
    lengths = [len(segment.inputs) for segment in encoded.segments(rows, 10)]
    assert sum(lengths) == 37
    assert max(lengths) - min(lengths) <= 1


def test_only_the_first_segment_of_rows_begins_afresh():
    encoded = EncodedStream(np.zeros(30, dtype=np.uint16), START, torch.device("cpu"))
    rows = stream_rows(30, 2, 5)
    assert [segment.first for segment in encoded.segments(rows, 5)] == [
        True,
        False,
        False,
    ]


def test_padding_puts_the_start_symbol_before_each_context():
    inputs, last = pad([np.array([4, 5]), np.array([], np.int64)], START)
    assert inputs.T.tolist() == [[START, 4, 5], [START, START, START]]
    assert last.tolist() == [2, 0]
