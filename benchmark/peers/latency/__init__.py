"""The time of one next token of our n-gram model beside those of KenLM's module and NLTK."""
