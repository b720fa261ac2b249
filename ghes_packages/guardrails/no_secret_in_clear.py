"""The secret key must be only in the secret, by reference.

It goes to Secrets Manager inside CloudFormation, and nobody sees its value. The other fields of the secret equal the
outputs.
"""

import json
import re

from ghes_packages.guardrails import Finding, Findings, RenderedStack, texts
from ghes_packages.guardrails.only_its_own_access_keys import newest_access_key
from ghes_packages.outputs import Outputs, PackagesSecret

# A reference to a secret key, and CloudFormation's to what another secret or a parameter holds.
SECRET = re.compile(r"SecretAccessKey|\{\{|resolve:")
TOLD = "Read the secret key from the secret, where it is needed"


def findings(stack: RenderedStack) -> Findings:
    secrets = stack.of_type("AWS::SecretsManager::Secret")
    if stack.user and not secrets:
        yield Finding(stack.user, "", "Keep the access key of the user in a secret: secretsmanager.Secret")
    for secret in secrets[1:]:
        yield Finding(secret, "", "Keep one secret, that of the newest access key")
    for secret in secrets:
        if secret.at("SecretString") != _fields(stack):
            remedy = "Write the five fields as the outputs have them, and the secret key as a reference"
            yield Finding(secret, "Properties.SecretString", remedy)
    for resource in stack.resources.values():
        kept = ("Properties.SecretString",) if resource in secrets else ()
        for path, text in texts({"Properties": resource.properties, **resource.attributes}):
            if not path.startswith(kept) and SECRET.search(text):
                yield Finding(resource, path, TOLD)
    for path, text in texts(stack.other_sections):
        if SECRET.search(text):
            yield Finding(None, path, TOLD)


def _fields(stack: RenderedStack) -> str:
    """What the secret must hold: JSON with references."""
    outputs = {name: stack.output(str(field.alias)) for name, field in Outputs.model_fields.items()}
    key = newest_access_key(stack)
    of_the_key = {"access_key_id": key and key.ref, "secret_access_key": key and key.attribute("SecretAccessKey")}
    fields = {**outputs, **of_the_key}
    return json.dumps({name: fields[name] for name in PackagesSecret.model_fields}, separators=(",", ":"))
