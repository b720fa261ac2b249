"""A CloudFormation template as CDK wrote it, or as it is deployed: read, and with its intrinsic functions rendered."""
