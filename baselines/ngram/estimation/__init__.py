"""The stages between counts and a model: adjusting, discounting, interpolating, backing off."""
