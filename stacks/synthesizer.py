"""How the CDK CLI deploys the stack of an instance: with whose rights, and what must be in the account before."""

from typing import NoReturn

import aws_cdk as cdk

from ghes_packages.config.instance import Instance


class CallersCredentials(cdk.StackSynthesizer):
    """The CLI hands the template to CloudFormation with the credentials that it was started with.

    Nothing must be in the account before, and so there is no place for assets. CDK's BootstraplessSynthesizer is for
    something else: it names the roles of a `cdk bootstrap` in another region.
    """

    def __init__(self, execution_role_arn: str | None) -> None:
        super().__init__()
        self._execution_role_arn = execution_role_arn

    def synthesize(self, session: cdk.ISynthesisSession) -> None:
        """Write the template, and what the CLI must know to deploy it."""
        self._synthesize_template(session)
        self._emit_artifact(session, cloud_formation_execution_role_arn=self._execution_role_arn)

    def add_file_asset(self, *_: object, **__: object) -> NoReturn:
        """Refuse it."""
        raise NotImplementedError("a file has no place to be uploaded to without bootstrap = true")

    def add_docker_image_asset(self, *_: object, **__: object) -> NoReturn:
        """Refuse it."""
        raise NotImplementedError("an image has no place to be uploaded to without bootstrap = true")


def synthesizer(instance: Instance) -> cdk.IStackSynthesizer | None:
    """One for one stack; None for the app's own, which unless the app says otherwise is that of `cdk bootstrap`."""
    match instance.bootstrap:
        case False:
            return CallersCredentials(instance.execution_role_arn)
        case str(qualifier):
            return cdk.DefaultStackSynthesizer(qualifier=qualifier)
    return None
