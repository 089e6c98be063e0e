"""The programs in examples/commands keep the contract and give the scores that they should."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from command_cases import ROOT, fitted, stream

from baselines.ngram.external.kenlm import KenLM
from baselines.ngram.smoothing.add_k import AddK
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.table.write_arpa import write_arpa
from benchmark.build import build_model
from benchmark.check import check_model
from benchmark.check.texts import made_up
from benchmark.cli import main
from benchmark.contract import RunLog, TokenStream
from benchmark.record.folder import read_runs

EXAMPLES = ROOT / "examples" / "commands"


def example(name: str, *command: object) -> dict[str, Any]:
    """The settings in an example's file, with another command."""
    settings = yaml.safe_load((EXAMPLES / "model" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert settings["name"] == name
    return {**settings, "command": [str(word) for word in command], "files": []}


@pytest.fixture(scope="module")
def unigram(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("needs a C++ compiler")
    program = tmp_path_factory.mktemp("unigram") / "unigram"
    subprocess.run([compiler, "-std=c++17", "-o", program, EXAMPLES / "unigram.cpp"], check=True)
    return program


@pytest.mark.slow
def test_the_program_in_cpp_is_a_unigram_model(unigram: Path) -> None:
    settings = example("unigram_cpp", unigram)
    findings = check_model(lambda: build_model(settings))
    assert [finding for finding in findings if finding.problem or finding.unchecked] == []
    texts = made_up(sentences=True)
    ours = AddK(order=1, k=1.0)
    ours.fit(texts.train, texts.valid, RunLog())
    scores = fitted(settings, texts.train).log_probs(texts.test)
    assert scores == pytest.approx(ours.log_probs(texts.test), abs=1e-6)


def test_the_wrapped_kenlm_has_the_scores_of_kenlm(tmp_path: Path) -> None:
    pytest.importorskip("kenlm")
    texts = made_up(sentences=True)
    ours, within = KneserNey(order=3), KenLM(order=3, lmplz=None)
    for model in (ours, within):
        model.fit(texts.train, texts.valid, RunLog())
    write_arpa(ours.table, texts.train.vocabulary.tokens, tmp_path / "model.arpa")
    program = [sys.executable, EXAMPLES / "kenlm_arpa.py", tmp_path / "model.arpa"]
    wrapped = fitted(example("kenlm_arpa", *program), texts.train)
    assert np.array_equal(wrapped.log_probs(texts.test), within.log_probs(texts.test))
    contexts = [texts.test.ids[:place] for place in (0, 1, 7, 40)]
    assert np.array_equal(wrapped.next_log_probs(contexts), within.next_log_probs(contexts))
    assert wrapped.size().entries == within.size().entries


@pytest.mark.slow
def test_a_causal_model_scores_words_by_their_pieces(tmp_path: Path) -> None:
    """A tiny one with random weights and a tokeniser made here, piece after piece without batches."""
    torch = pytest.importorskip("torch")
    text = stream("the cat sat </s> a naïve dog, unbelievably , sat on the mat </s> </s> the <unk> </s>")
    tokeniser, model = tiny_model(tmp_path, positions=64)
    program = [sys.executable, EXAMPLES / "causal_lm.py", tmp_path]
    wrapped = fitted(example("causal_lm", *program), text)

    def piece_by_piece(line: TokenStream) -> list[float]:
        *words, _end = line.vocabulary.decode(line.ids)
        ids, scores = [tokeniser.eos_token_id], []
        pieces = [tokeniser.encode(f" {word}" if place else word) for place, word in enumerate(words)]
        for own in [*pieces, [tokeniser.eos_token_id]]:
            scores.append(0.0)
            for piece in own:
                with torch.no_grad():
                    scores[-1] += float(model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)[piece])
                ids.append(piece)
        return scores

    wanted = [score for line in text.each_line() for score in piece_by_piece(line)]
    assert wrapped.log_probs(text) == pytest.approx(np.array(wanted), abs=1e-4)
    assert wrapped.size().parameters == sum(each.numel() for each in model.parameters())
    assert any("do not sum to one" in note for note in wrapped.notes)


@pytest.mark.slow
def test_a_causal_model_reads_a_long_line_in_parts(tmp_path: Path) -> None:
    """Each part is new but for half of what the model reads, which is history."""
    torch = pytest.importorskip("torch")
    words = ["the", "cat", "sat", "on", "the", "mat", "and"] * 3
    tokeniser, model = tiny_model(tmp_path, positions=8)
    program = [sys.executable, EXAMPLES / "causal_lm.py", tmp_path]
    text = stream(" ".join([*words, "</s>"]))
    ids = [tokeniser.eos_token_id, *tokeniser.encode(" ".join(words)), tokeniser.eos_token_id]
    assert len(ids) == len(words) + 2  # a piece is a word
    wanted = []
    for place in range(1, len(ids)):
        start = max(0, (place - 1) // 4 - 1) * 4
        with torch.no_grad():
            logits = model(torch.tensor([ids[start:place]])).logits[0, -1]
        wanted.append(float(logits.log_softmax(-1)[ids[place]]))
    scores = fitted(example("causal_lm", *program), text).log_probs(text)
    assert scores == pytest.approx(np.array(wanted), abs=1e-4)


@pytest.mark.slow
def test_a_causal_model_is_checked_run_compared_and_reported(
    tmp_path: Path, text_corpus: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands of docs/commands.md, with a tiny model and a small text."""
    folder, results = tmp_path / "tiny", tmp_path / "results"
    tiny_model(folder, positions=64)
    shutil.copy(tmp_path / "train.txt", tmp_path / "test.txt")  # several blocks, so that there are intervals
    program = f"model.command=[{sys.executable},{EXAMPLES / 'causal_lm.py'},{folder}]"
    wrapped = ["--config-dir", str(EXAMPLES), "model=causal_lm", program, f"model.files=[{folder}]"]
    places = [f"results_dir={results}", f"cache_dir={tmp_path / 'cache'}"]
    assert main(["check", *wrapped, *text_corpus, places[1]]) == 0
    assert "BROKEN" not in capsys.readouterr().out
    assert main(["run", *wrapped, "model.label=Mine", *text_corpus, *places]) == 0
    assert main(["run", "model=kneser_ney", *text_corpus, *places]) == 0
    runs = {run.result.model: run for run in read_runs(results)}
    assert runs["causal_lm"].result.status == "ok"
    capsys.readouterr()
    assert main(["compare", *(str(run.folder) for run in runs.values())]) == 0
    assert "Mine" in capsys.readouterr().out
    assert main(["report", "--results-dir", str(results)]) == 0
    assert "Mine" in (results / "report" / "index.html").read_text(encoding="utf-8")


def tiny_model(folder: Path, *, positions: int) -> tuple[Any, Any]:
    """A tokeniser and a model with random weights, which reads so many pieces at once; in a folder."""
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    tokeniser = tiny_tokeniser(transformers)
    torch.manual_seed(1)
    end = tokeniser.eos_token_id
    shape = {"n_positions": positions, "n_embd": 16, "n_layer": 2, "n_head": 2, "initializer_range": 0.5}
    settings = transformers.GPT2Config(vocab_size=len(tokeniser), bos_token_id=end, eos_token_id=end, **shape)
    model = transformers.GPT2LMHeadModel(settings).eval()
    for part in (tokeniser, model):
        part.save_pretrained(folder)
    return tokeniser, model


def tiny_tokeniser(transformers: Any) -> Any:
    """Byte-pair encoding as GPT-2 has it, learnt from a line."""
    from tokenizers import ByteLevelBPETokenizer

    learnt = ByteLevelBPETokenizer()
    learnt.train_from_iterator(["the cat sat on the mat and the dog sat on the log"] * 3, vocab_size=280)
    learnt.add_special_tokens(["<|endoftext|>"])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=learnt._tokenizer, eos_token="<|endoftext|>")
