"""What `nextword doctor` finds out: the installation and its machine, and what is wrong with them.

Each module looks at one part and returns plain data with the problems that it found, each with the way out.
Nothing that is not installed is imported.
"""
