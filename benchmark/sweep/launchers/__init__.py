"""Ways to run the jobs of a sweep: one module each, named by `conf/launcher/NAME.yaml`.

All of them bring a job to its end through `benchmark.sweep.isolated`, so what a run finds does not depend
on its launcher; they differ in what starts that process, and where.
"""
