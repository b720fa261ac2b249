"""The settings of the secret; what it holds is compared in `review/secret.py`."""

from ghes_packages.review.change import ENCRYPTION
from ghes_packages.review.settings.setting import Setting
from ghes_packages.review.settings.weakening import given_up

SETTINGS = (
    Setting(
        ENCRYPTION,
        "AWS::SecretsManager::Secret",
        ("KmsKeyId",),
        "KMS key",
        given_up,
        "the secret would be under another key, or one that somebody else can take away",
        of_the_account=True,
    ),
)
