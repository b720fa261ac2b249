"""`python -m ghes_packages`."""

from ghes_packages.cli import main

main()
