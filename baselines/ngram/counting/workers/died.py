"""What is raised where a worker dies: apart, so that who counts alone imports no more of the workers."""


class WorkerDied(RuntimeError):
    """A worker died before its part was counted. The message names the worker, the cause and the part."""
