"""The local AWS emulator, for the demo and the tests. Nothing here is needed on AWS."""
