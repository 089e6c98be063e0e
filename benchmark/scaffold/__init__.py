"""New files to begin from: `nextword new model NAME`."""
