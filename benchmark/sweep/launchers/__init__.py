"""Ways to run the jobs of a sweep: one module each, named by `conf/launcher/NAME.yaml`.

All of them run a job through `benchmark.sweep.subprocess_run`, so its results do not depend on the
launcher. They differ in what starts that process, and where.
"""
