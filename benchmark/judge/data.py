"""The data of the judgements: where they are, where they come from, and what they hold."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmark.corpus.fetch import PLACES, SearchPath, check, default_cache, find_or_download
from benchmark.errors import UserError

Say = Callable[[str], None]

#: The set that the paper counts among argument structure, whatever its files call it (Warstadt et al. 2020).
MERGED = {"s-selection": "argument_structure"}


@dataclass(frozen=True)
class DataFile:
    """A published file: its path below a corpora folder, its SHA-256, and its address.

    `download`: whether it is fetched from that address; if not, the address is where a reader finds it.
    """

    name: str
    sha256: str
    address: str
    download: bool

    def find(self, corpora_dir: Path | None, cache_dir: Path | None, say: Say) -> Path:
        """The file on this machine, its content checked. Raises UserError with the way to get it."""
        places = SearchPath(corpora_dir, cache_dir or default_cache())
        if not self.download and places.find(self.name) is None:
            raise UserError(
                f"{self.name} is missing: looked for {places.looked_in(self.name)}; "
                f"get it from {self.address} and put it there ({PLACES})"
            )
        checksum = f"sha256:{self.sha256}"
        path = find_or_download(self.name, self.address, checksum, places, say)
        check(path, checksum)
        return path


BLIMP = DataFile(
    "blimp/BLiMP.zip",
    "172a1a714d72e72a89e8384dd531483f3d0f8a9aee3d33dccaf7992d8cecbb73",
    "https://raw.githubusercontent.com/alexwarstadt/blimp/f5949a22b36a0e3a90b9932d4abe35ca77c5e8c8/BLiMP.zip",
    download=True,
)
LAMBADA = DataFile(
    "lambada/lambada_test_plain_text.txt",
    "4ab6062b68422bf2e83653d367c9765d42404f7ec21b8b59b6518b45606aaef2",
    "https://zenodo.org/records/2630551 (in lambada-dataset.tar.gz)",
    download=False,  # the archive holds the training novels, too
)


@dataclass(frozen=True)
class PairSet:
    """Minimal pairs of one kind: (acceptable, unacceptable) sentences, and the phenomenon they test."""

    name: str
    phenomenon: str
    pairs: tuple[tuple[str, str], ...]


def read_pairs(path: Path) -> list[PairSet]:
    """The sets in BLiMP's archive, in order of name. Raises UserError where it holds none."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {PurePosixPath(name): name for name in archive.namelist()}
            wanted = sorted(p for p in members if p.suffix == ".jsonl" and p.parts[0] == "data")
            sets = [_pair_set(archive.read(members[member])) for member in wanted]
    except (OSError, zipfile.BadZipFile, ValueError, KeyError) as error:
        raise UserError(f"{path} cannot be read as BLiMP's archive ({error}): get it again") from error
    if not sets:
        raise UserError(f"{path} has no data/*.jsonl, so it is not BLiMP's archive: get it again")
    return sets


def _pair_set(written: bytes) -> PairSet:
    rows = [json.loads(line) for line in written.decode("utf-8").splitlines() if line.strip()]
    phenomenon = rows[0]["linguistics_term"]
    pairs = tuple((row["sentence_good"], row["sentence_bad"]) for row in rows)
    return PairSet(rows[0]["UID"], MERGED.get(phenomenon, phenomenon), pairs)


def read_passages(path: Path) -> list[list[str]]:
    """LAMBADA's passages in Penn Treebank tokens, lower case; the last token of each is the target."""
    return list(_passages(path.read_text(encoding="utf-8").splitlines(), path))


def _passages(lines: list[str], path: Path) -> Iterator[list[str]]:
    for number, line in enumerate(lines, start=1):
        tokens = line.split()
        if len(tokens) < 2:
            raise UserError(f"{path}, line {number}: no passage with a last word to predict; get it again")
        yield tokens
