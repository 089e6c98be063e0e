"""The settings of a small corpus of tagged sentences, in files of one's own."""

from __future__ import annotations

CORPUS = """\
name: mine
title: Mine
task: tagging
source: {}
train: train.txt
valid: valid.txt
test: test.txt
format: columns
columns: {token: 0, target: 1}
"""
