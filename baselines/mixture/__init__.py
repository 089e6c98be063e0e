"""Models made of other models, counted or neural: they know of their components only the contract."""
