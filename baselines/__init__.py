"""The models that nextword compares. Each implements `benchmark.contract.LanguageModel`."""
