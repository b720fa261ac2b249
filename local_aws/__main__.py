"""`python -m local_aws demo|sandbox FILE [INSTANCE]`: what `make demo` and `make sandbox` run."""

import sys
from pathlib import Path

from rich.console import Console

from ghes_packages.config.instances import choose, load
from ghes_packages.errors import CannotGoOn
from ghes_packages.interruption import Interrupted, raise_interrupted
from local_aws.cdk_cli import CdkCliError
from local_aws.demo import demo
from local_aws.embedded_aws import EmbeddedAwsError
from local_aws.sandbox import sandbox

PROGRAMS = {"demo": demo, "sandbox": sandbox}


def main() -> None:
    """Run the program with the named instance, or the first one; exit with its status."""
    raise_interrupted()
    try:
        program, file, *named = sys.argv[1:]
        instances = load(Path(file))
        name = named[0] if named else next(iter(instances))
        run = PROGRAMS[program]
        sys.exit(run(choose(instances, name, Path(file)), Path(file).resolve(), Console(stderr=True)))
    except CannotGoOn as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)
    except (CdkCliError, EmbeddedAwsError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    except Interrupted as interruption:
        sys.stderr.write(f"interrupted by {interruption.signal.name}\n")
        sys.exit(interruption.exit_status)


main()
