"""Storage for GitHub Packages on GitHub Enterprise Server: its facts, and the commands after the deploy."""

__version__ = "1.0.0"
