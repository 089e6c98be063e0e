"""Our n-gram engine beside the C++ toolkits: whole processes, the same text, the same machine."""
