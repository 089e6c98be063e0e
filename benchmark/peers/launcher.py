"""Runs one program and writes what it took: `python -I -S launcher.py REPORT PROGRAM [ARGUMENT ...]`.

A process of its own, because the peak that Linux reports of a program also counts the process that
started it: this one, without the site packages, holds some 9 MB. It is run as a file, not imported.
"""

import os
import sys
import time


def main() -> None:
    report, *command = sys.argv[1:]
    begun = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - begun
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    with open(report, "w", encoding="ascii") as file:
        file.write(f"{os.waitstatus_to_exitcode(status)} {seconds} {used.ru_utime + used.ru_stime} {peak}\n")


main()
