"""Every target of a stream is read once, behind the token that precedes it."""

from itertools import takewhile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from neural_cases import vocabulary

from baselines.neural.segments import (
    EncodedStream,
    Rows,
    SeparateLines,
    batches_by_length,
    even_edges,
    pad,
    sentences,
    stream_rows,
)
from baselines.neural.training.columns import Columns
from baselines.neural.training.minibatches import Minibatches, jittered_edges
from baselines.neural.training.recipe import Training
from benchmark.contract import TokenStream

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


@given(ids=IDS, edges=st.lists(st.integers(0, 60), max_size=9), unroll=st.integers(1, 9))
def test_each_separate_line_follows_the_start_symbol(ids, edges, unroll):
    lines = np.array(sorted([0, *(min(edge, len(ids)) for edge in edges), len(ids)]))
    separate = SeparateLines.of(ids, lines, START)
    found = read(separate.ids, batches_by_length(separate.rows, positions=40), unroll) if len(ids) else {}
    pairs = expected(ids) | {int(first): (START, int(ids[first])) for first in lines if first < len(ids)}
    assert {place: found[at] for place, at in enumerate(separate.places.tolist())} == pairs
    assert len(found) == len(ids)


@given(ids=IDS, most=st.integers(1, 9), positions=st.integers(1, 40), unroll=st.integers(1, 9))
def test_sentences_leave_nothing_over_and_keep_to_their_groups(ids, most, positions, unroll):
    rows = sentences(ids, END)
    assert all(
        (ids[start : start + length - 1] != END).all()
        for start, length in zip(rows.starts, rows.lengths, strict=True)
    )
    groups = batches_by_length(rows, most=most, positions=positions)
    assert read(ids, groups, unroll) == expected(ids)
    for group in groups:
        assert len(group.starts) <= most
        assert len(group.starts) == 1 or len(group.starts) * group.lengths.max() <= positions


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


@given(
    ids=IDS.filter(len),
    rows=st.integers(1, 9),
    unroll=st.integers(1, 9),
    process=st.integers(0, 2),
    processes=st.integers(1, 3),
)
def test_columns_are_cut_into_the_segments_of_the_same_rows(ids, rows, unroll, process, processes):
    cut = stream_rows(len(ids), rows, unroll)
    columns, share = int(cut.lengths.max()), slice(process % processes, None, processes)
    own = Rows(cut.starts[share], cut.lengths[share])
    edges = even_edges(columns, unroll)
    found = list(Columns(ids, START, own, columns, torch.device("cpu")).cut(edges))
    plain = list(EncodedStream(ids, START, torch.device("cpu")).cut(own, edges))
    for one, other in zip(found, plain, strict=True):
        assert torch.equal(one.inputs, other.inputs)
        assert torch.equal(one.targets, other.targets)
        assert (one.kept is None) == (other.kept is None)
        assert one.kept is None or torch.equal(one.kept, other.kept)
        assert one.first == other.first
        np.testing.assert_array_equal(one.positions, other.positions)


def test_padding_puts_the_start_symbol_before_each_context():
    inputs, last = pad([np.array([4, 5]), np.array([], np.int64)], START)
    assert inputs.T.tolist() == [[START, 4, 5], [START, START, START]]
    assert last.tolist() == [2, 0]


def reader(ids, context="stream", jitter=False, process=0, processes=1, unroll=7):
    training = Training(batch=3, unroll=unroll, jitter=jitter)
    stream = TokenStream.from_ids(ids, vocabulary(6))
    return Minibatches(stream, START, torch.device("cpu"), context, training, 5, process, processes)


def epoch_of(reader, epoch=0, number=0):
    return list(takewhile(lambda piece: piece.epoch == epoch, reader.starting_at(epoch, number)))


@given(
    ids=IDS.filter(len),
    context=st.sampled_from(["stream", "sentence"]),
    jitter=st.booleans(),
    n=st.integers(1, 4),
)
def test_processes_share_an_epoch_and_each_target_is_read_by_one_of_them(ids, context, jitter, n):
    shares = [epoch_of(reader(ids, context, jitter, process, n), epoch=1) for process in range(n)]
    alone = epoch_of(reader(ids, context, jitter), epoch=1)
    seen = []
    for pieces in zip(alone, *shares, strict=True):
        assert len({(piece.targets, piece.columns, piece.epoch, piece.number) for piece in pieces}) == 1
        one, *parts = [piece.segment for piece in pieces]
        held = np.concatenate([part.positions for part in parts if part is not None])
        assert sorted(held) == sorted(one.positions)
        assert len(one.positions) == pieces[0].targets
        assert all(part.first == one.first for part in parts if part is not None)
        seen.extend(held)
    assert sorted(seen) == list(range(len(ids)))


@given(
    ids=IDS.filter(len), context=st.sampled_from(["stream", "sentence"]), jitter=st.booleans(), data=st.data()
)
def test_reading_goes_on_from_any_piece(ids, context, jitter, data):
    whole = epoch_of(reader(ids, context, jitter), epoch=2)
    number = data.draw(st.integers(0, len(whole)))
    rest = epoch_of(reader(ids, context, jitter), epoch=2, number=number)
    assert [(piece.number, piece.columns) for piece in rest] == [
        (piece.number, piece.columns) for piece in whole[number:]
    ]
    for one, other in zip(rest, whole[number:], strict=True):
        np.testing.assert_array_equal(one.segment.positions, other.segment.positions)
        assert torch.equal(one.segment.inputs, other.segment.inputs)
        assert one.segment.first == other.segment.first


def test_epochs_of_sentences_differ_and_their_order_is_that_of_the_seed():
    ids = np.random.default_rng(0).integers(0, 6, 200).astype(np.uint16)
    first, again, second = (
        np.concatenate([piece.segment.positions for piece in epoch_of(reader(ids, "sentence"), epoch)])
        for epoch in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)


def test_jittered_lengths_are_those_of_the_paper():
    """Merity et al. (2018): N(70, 5), a twentieth of them N(35, 5)."""
    lengths = np.diff(jittered_edges(700_000, 70, np.random.default_rng(0)))
    halved = lengths < 52
    assert halved.mean() == pytest.approx(0.05, abs=0.01)
    assert lengths[~halved].mean() == pytest.approx(69.5, abs=0.3)  # whole numbers, rounded down
    assert lengths[~halved].std() == pytest.approx(5, abs=0.3)
    assert lengths[halved].mean() == pytest.approx(34.5, abs=1)


@given(columns=st.integers(0, 90), unroll=st.integers(1, 20), seed=st.integers(0, 99))
def test_jittered_segments_cover_the_columns_without_slivers(columns, unroll, seed):
    edges = jittered_edges(columns, unroll, np.random.default_rng(seed))
    assert (edges[0], edges[-1]) == (0, columns)
    assert (np.diff(edges) >= min(5, columns)).all()
