"""Our n-gram engine beside the C++ toolkits, from a text to its test perplexity."""
