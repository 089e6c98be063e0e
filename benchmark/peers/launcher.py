"""Runs one program and writes what it used: `python -I -S launcher.py REPORT PROGRAM [ARGUMENT ...]`.

This is a process of its own because the peak memory that Linux reports for a program includes that of
the process which started it: this one takes about 9 MB without the site packages. It is run as a file,
never imported.
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


if __name__ == "__main__":
    main()
