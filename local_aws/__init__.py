"""An AWS on this machine, for the demo and the tests: nothing here is needed to run the project on AWS."""
