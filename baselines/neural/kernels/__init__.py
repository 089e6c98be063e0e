"""Inner loops: recurrences over time, forward and backward, tuned for the CPU."""
