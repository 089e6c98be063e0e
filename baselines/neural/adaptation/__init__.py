"""Models that let a trained network go on learning from the text it reads."""
