"""The settings that `review` compares; a new one is an entry in the file of its resource."""

from ghes_packages.review.settings import buckets, every_resource, identities, kms, secret

SETTINGS = (
    *buckets.SETTINGS,
    *identities.SETTINGS,
    *secret.SETTINGS,
    *kms.SETTINGS,
    *every_resource.SETTINGS,
)
