"""Counting, estimating and scoring on a GPU: modified Kneser-Ney whose table does not leave the device."""
