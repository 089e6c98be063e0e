"""Models that adapt a trained network to the text it reads."""
