"""The settings of the secret: its fields never change, and nothing in them is shown that may be secret."""

from pydantic import SecretStr

from ghes_packages.outputs import PackagesSecret
from ghes_packages.review.change import ENCRYPTION, SECRET
from ghes_packages.review.settings.reading import hidden, in_json
from ghes_packages.review.settings.setting import Setting
from ghes_packages.review.settings.weakening import dropped, given_up

RESOURCE_TYPE = "AWS::SecretsManager::Secret"

SETTINGS = (
    *(
        Setting(
            SECRET,
            RESOURCE_TYPE,
            ("SecretString",),
            key,
            dropped,
            "what reads the secret would fail",
            hidden(in_json(key)) if field.annotation is SecretStr else in_json(key),
        )
        for key, field in PackagesSecret.model_fields.items()
    ),
    Setting(ENCRYPTION, RESOURCE_TYPE, ("KmsKeyId",), "KMS key", given_up, "the secret would be under another key"),
)
