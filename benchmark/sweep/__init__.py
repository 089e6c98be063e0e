"""From a command line to jobs, and from jobs to finished runs."""
