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
from benchmark.contract import RunLog, TokenStream

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
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    text = stream("the cat sat </s> a naïve dog, unbelievably , sat on the mat </s> </s> the <unk> </s>")
    tokeniser = tiny_tokeniser(transformers)
    torch.manual_seed(1)
    shape = {"n_positions": 64, "n_embd": 16, "n_layer": 2, "n_head": 2, "initializer_range": 0.5}
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=len(tokeniser), **shape)).eval()
    for part in (tokeniser, model):
        part.save_pretrained(tmp_path)
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


def tiny_tokeniser(transformers: Any) -> Any:
    """Byte-pair encoding as GPT-2 has it, learnt from a line."""
    from tokenizers import ByteLevelBPETokenizer

    learnt = ByteLevelBPETokenizer()
    learnt.train_from_iterator(["the cat sat on the mat and the dog sat on the log"] * 3, vocab_size=280)
    learnt.add_special_tokens(["<|endoftext|>"])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=learnt._tokenizer, eos_token="<|endoftext|>")
