"""`python supervised.py PROGRAM ARGUMENT…`: a program that does not outlive whoever started it.

Standard input is a pipe that the starter holds open: when it ends, so does the whole process group of this process.
"""

import os
import signal
import subprocess
import sys
import threading


def main(*command: str) -> int:
    """Run the program; its exit status."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    return program.wait()


def _end_with_the_starter() -> None:
    os.read(sys.stdin.fileno(), 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
