"""What `import nextword` offers: runs, models, scores and comparisons as objects that a notebook shows."""
