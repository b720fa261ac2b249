"""Which guardrails the checks of `verify` hold a deployed stack to: their names by the title of a check.

A template cannot tell what somebody changed by hand since; a check reads what AWS answers today.
"""

from collections.abc import Mapping

HELD: Mapping[str, tuple[str, ...]] = {
    "public access blocked": ("public_access_blocked",),
    "ACLs off": ("acls_off",),
    "encrypted by default": ("encrypted",),
    "versioned": ("versioned",),
    "lifecycle": ("current_packages_stay",),
    "access logged": ("access_logged",),
    "TLS only": ("tls_only",),
    "get over plain HTTP": ("tls_only",),
    "policy grants": ("no_principal_but_services_in_a_bucket_policy",),
    "get without credentials": ("no_principal_but_services_in_a_bucket_policy",),
    "key state": ("encrypted",),
    "key alias": ("encrypted",),
    "key rotation": ("key_rotated",),
    "key policy grants": ("no_open_key_or_secret",),
    "readers of the secret": ("no_open_key_or_secret",),
    "the secret": ("no_secret_in_clear",),
    "encryption of the secret": ("encrypted",),
    "what the policy allows": ("seven_actions", "no_other_denial"),
    "groups of the user": ("user_in_its_group_with_its_boundary",),
    "permissions boundary": ("user_in_its_group_with_its_boundary",),
    "policies of the group": ("no_other_grant_to_the_user",),
    "policies of the user": ("no_other_grant_to_the_user",),
    "console password": ("no_other_grant_to_the_user",),
    "access keys": ("only_its_own_access_keys",),
    "packages replicated": ("replica_in_step",),
    "access logs replicated": ("replica_in_step",),
}
