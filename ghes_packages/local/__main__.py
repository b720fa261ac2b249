"""`python -m ghes_packages.local [INSTANCE]`: what `make demo` runs."""

import signal
import sys

from rich.console import Console

from ghes_packages.errors import CannotGoOn
from ghes_packages.instances import choose, load
from ghes_packages.local.cdk_cli import CdkCliError
from ghes_packages.local.demo import demo
from ghes_packages.local.embedded_aws import EmbeddedAwsError


def main() -> None:
    """Run the demo with the instance that is named, or the first one; exit with its status."""
    # A kill ends it as Ctrl-C does: by way of everything that cleans up.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        instances = load()
        name = sys.argv[1] if len(sys.argv) > 1 else next(iter(instances))
        sys.exit(demo(choose(instances, name), Console(stderr=True)))
    except CannotGoOn as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)
    except (CdkCliError, EmbeddedAwsError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


main()
