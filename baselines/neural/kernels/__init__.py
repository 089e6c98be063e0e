"""The inner loops: recurrences over time, forward and backward, as fast as the device allows."""
