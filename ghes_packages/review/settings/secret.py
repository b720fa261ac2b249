"""The settings of the secret; what it holds is compared in `review/secret.py`."""

from ghes_packages.review.change import ENCRYPTION, NETWORK
from ghes_packages.review.settings.reading import flag
from ghes_packages.review.settings.setting import Setting
from ghes_packages.review.settings.weakening import given_up, none_of, out_of

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
    Setting(
        NETWORK,
        "AWS::SecretsManager::ResourcePolicy",
        ("BlockPublicPolicy",),
        "public policy refused",
        out_of("on"),
        "Secrets Manager would take a policy that lets everybody read the secret",
        flag(default=False),
        when_new=none_of("on"),
    ),
)
