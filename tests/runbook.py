"""The commands in README.md and in the pages of docs/, and somebody who follows a page in a shell."""

import re
import subprocess
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

PROJECT = Path(__file__).parent.parent


def blocks(page: str, language: str = "sh") -> list[str]:
    """What stands in the blocks of one language of a page, in order."""
    text = (PROJECT / page).read_text()
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def commands(page: str) -> list[str]:
    """The commands of a page that has nothing but simple ones; one that goes on over lines is one."""
    return [
        re.sub(r"\s*\\\n\s*", " ", command)
        for block in blocks(page)
        for command in re.split(r"(?<!\\)\n", block.strip())
    ]


class Shell:
    """A shell in which variables outlast a block. A command that fails ends it, and with it the test."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *command: str) -> None:
        """Of `sh`, or of another command that opens one, which must be told to end with a command that fails."""
        self._process = subprocess.Popen(
            command or ["sh", "-e"],
            cwd=folder,
            env={**environment, "COLUMNS": "200"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, block: str) -> str:
        """What the block printed, errors too."""
        process, end = self._process, uuid.uuid4().hex
        assert process.stdin
        assert process.stdout
        # No command may take the ones that come after it for its input.
        process.stdin.write(f"{{\n{block}\n}} </dev/null\necho\necho {end}\n")
        process.stdin.flush()
        printed = ""
        for line in process.stdout:
            if line == f"{end}\n":
                return printed.removesuffix("\n")
            printed += line
        raise AssertionError(f"{block}\n{printed}")

    def end(self) -> None:
        """Leave the shell, as with Ctrl-D, and wait for what it does then."""
        with self._process as process:
            process.communicate(timeout=60)

    def close(self) -> None:
        with self._process as process:
            process.kill()  # it is idle; where a test was cut short, its command may never end


class Follower:
    """Follows a page block by block; `left` are the blocks to come.

    `instead` is what to do for a line that the shell must not run.
    """

    def __init__(self, page: str, shell: Shell, instead: Mapping[str, Callable[[], object]]) -> None:
        self._shell, self._instead = shell, instead
        self.left = blocks(page)

    def next(self, count: int = 1) -> str:
        """Run so many blocks; what they printed."""
        return "".join(self._run(self.left.pop(0)) for _ in range(count))

    def _run(self, block: str) -> str:
        printed, pending = "", ""
        for line in block.splitlines():
            if line in self._instead:
                printed += self._shell.run(pending or ":")
                pending = ""
                self._instead[line]()
            else:
                pending += f"{line}\n"
        return printed + self._shell.run(pending or ":")
