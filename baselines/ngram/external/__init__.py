"""Models of other tools: KenLM and nltk.lm."""
