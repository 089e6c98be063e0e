"""Models of other tools, scored here: KenLM and nltk.lm."""
