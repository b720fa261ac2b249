"""How the CDK CLI deploys the stack of an instance: its credentials and role, without assets."""

from typing import NoReturn

import aws_cdk as cdk

from ghes_packages.config.instance import Instance


class CallersCredentials(cdk.StackSynthesizer):
    """The CLI sends the template to CloudFormation with its own credentials.

    The account needs no preparation, so there is no place for assets. CDK's BootstraplessSynthesizer does not fit,
    because it names the roles of a `cdk bootstrap`.
    """

    def __init__(self, execution_role_arn: str | None) -> None:
        super().__init__()
        self._execution_role_arn = execution_role_arn

    def synthesize(self, session: cdk.ISynthesisSession) -> None:
        """Write the template, and the CLI's instructions to deploy it."""
        self._synthesize_template(session)
        self._emit_artifact(session, cloud_formation_execution_role_arn=self._execution_role_arn)

    def add_file_asset(self, *_: object, **__: object) -> NoReturn:
        """Refuse it."""
        raise NotImplementedError("a file cannot be uploaded without bootstrap = true")

    def add_docker_image_asset(self, *_: object, **__: object) -> NoReturn:
        """Refuse it."""
        raise NotImplementedError("an image cannot be uploaded without bootstrap = true")


def synthesizer(instance: Instance) -> cdk.IStackSynthesizer | None:
    """One for one stack; None for the app's own, by default that of `cdk bootstrap`."""
    match instance.bootstrap:
        case False:
            return CallersCredentials(instance.execution_role_arn)
        case str(qualifier):
            return cdk.DefaultStackSynthesizer(qualifier=qualifier)
    return None
