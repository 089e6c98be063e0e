"""`nextword list`: every model and its settings, by name."""

from __future__ import annotations

from benchmark.settings import choices


def test_every_model_is_described_without_being_built(nextword) -> None:
    listed = nextword("list", "models", "--keys")
    assert listed.returncode == 0, listed.stderr
    names = {line.split()[0] for line in listed.stdout.splitlines() if line[:3].strip() and line[2] != " "}
    assert names.issuperset(choices("model"))
    assert "Modified Kneser-Ney 5-gram pruned at 1e-07" in listed.stdout  # a label that names a component's
