"""`python supervised.py PROGRAM ARGUMENT…`: a program that does not outlive its starter.

The starter holds standard input open as a pipe. When it ends, the whole process group ends.
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
