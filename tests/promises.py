"""Each promise, and which of synth, `review` and `verify` holds it; where one does not, why."""

from collections.abc import Iterator
from dataclasses import dataclass

from ghes_packages.guardrails import RULES
from ghes_packages.verify.held import HELD

Row = tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What only `review` can hold, because it compares two stacks: a risk, its IDs, and who may accept it.

    `verify` are the titles of the checks that see the same of a deployed stack, or why there is none.
    """

    risk: str
    ids: tuple[str, ...]
    accepted_by: str
    verify: tuple[str, ...] | str


@dataclass(frozen=True)
class OnlyVerified:
    """What only `verify` can hold: the promise, the titles of its checks, and why the two others cannot."""

    promise: str
    checks: tuple[str, ...]
    synth: str
    review: str


ONE_TEMPLATE = "it sees one template, not the one before"
NOW = "it sees the current state, not the one before"
NO_TEMPLATE = "no template shows it"

# Why `verify` has no check for what a rule holds.
NOT_VERIFIED = {
    "existing_bucket_untouched": "a bucket has one policy, which does not show who wrote it",
    "no_cors_for_everyone": "CORS gives nobody access; the check would need another permission",
    "no_role_but_for_replication": "the stack does not show other roles of the account, or who assumes a role",
    "no_secret_in_an_output": "`settings` and `verify` read the outputs by name, and print no other",
    "no_website": "a website serves nothing while all public access is blocked, which `verify` checks",
    "only_known_properties": "AWS has an API for each, and the operator would need a permission for each",
    "only_known_resources": "`review --deployed` compares the resources of the stack",
    "outputs_of_this_stack": "`verify` uses the access key with them: wrong outputs fail the checks of the key",
    "retained": "only the template has the two policies, and `review --deployed` reads that",
    "written_out": "AWS answers with values, never with functions",
}

COMPARISONS = (
    Comparison(
        "a bucket, its policy, the user, the secret, a KMS key or its alias would be replaced, deleted, or orphaned:"
        " left in the account with nothing to manage it",
        ("bucket-orphaned-LOGICALID", "secret-deleted-…", "user-replaced-…"),
        "somebody who knows what happens to the data",
        NOW,
    ),
    Comparison(
        "a resource of an unknown type changes",
        ("TYPE-changed-LOGICALID",),
        "somebody who checked its effect",
        NOW,
    ),
    Comparison(
        "an output is removed or changed",
        ("output-removed-OUTPUT", "output-changed-OUTPUT"),
        "somebody who told the users of the output",
        NOW,
    ),
    Comparison(
        "anybody gets new access; a denial is removed or narrowed",
        ("access-gained-WHO-HASH", "access-denial-WHO-HASH"),
        "somebody who wants exactly this access: other access has another hash",
        ("policy grants", "key policy grants", "readers of the secret", "what the policy allows"),
    ),
    Comparison(
        "the user loses one of its seven actions",
        ("access-lost-WHO-HASH",),
        "somebody who knows that GHES does not need it",
        ("what the policy allows",),
    ),
    Comparison(
        "a new stack uses an existing bucket: the user gets access to its objects",
        ("output-elsewhere-AwsS3Bucket", "access-gained-WHO-HASH"),
        "somebody who checked the promises of that bucket",
        ("policy grants", "public access blocked"),
    ),
    Comparison(
        "a value is weaker than before: encryption, the KMS key, retention, object lock, access logging, the"
        " permissions boundary, CORS; a replica is removed or changed; a new bucket has fewer `noncurrent_days` than"
        " the default",
        ("TOPIC-SETTING-LOGICALID",),
        "somebody who may give up the promise",
        ("options of the stack",),
    ),
    Comparison(
        "a rule pack with acknowledged findings no longer checks the app",
        ("checks-removed-PACK",),
        "somebody who may give up its checks",
        NOW,
    ),
    Comparison(
        "termination protection is switched off, or a new stack has none",
        ("termination-protection-off",),
        "somebody who is about to destroy the stack",
        ("termination protection",),
    ),
    Comparison(
        "the stack moves to another account or region",
        ("stack-moved",),
        "somebody who is about to destroy the stack",
        NOW,
    ),
    Comparison(
        "the manifest changes how the stack is deployed: its name, roles, notifications, dependencies, or the place"
        " of its template; a removed role or bucket is no risk",
        ("deployment-PROPERTY",),
        "somebody who changed [the way to deploy](deploying.md)",
        "AWS does not say how a stack was deployed",
    ),
    Comparison(
        "the same `cdk deploy` would also deploy another stack, not of the instance or its replica (`--deployed` only)",
        ("deployed-as-well-STACK",),
        "somebody who reviewed that stack",
        "it reads one instance",
    ),
    Comparison(
        "an instance is removed from the app, but its stack stays deployed",
        ("instance-removed",),
        "somebody who destroyed the stack",
        "it reads only existing instances",
    ),
    Comparison(
        "an access key would be replaced, cut off while GHES uses it, deleted while it is active, or be one too many;"
        " the newest key is not active in IAM",
        ("access-key-GENERATION-…", "access-key-quota"),
        "see [rotation.md](rotation.md)",
        ("access keys", "sign in"),
    ),
)

ONLY_VERIFIED = (
    OnlyVerified(
        "Each of the seven actions works with the deployed access key, also through presigned links",
        ("put an object", "get it", "list uploads", "fetch it by a presigned link"),
        "AWS is not asked",
        "it asks AWS only about access keys",
    ),
    OnlyVerified(
        "The access key can do nothing else",
        ("read the bucket policy", "list all buckets", "read its secret", "read its IAM user"),
        "other policies that allow something are in no template",
        NO_TEMPLATE,
    ),
    OnlyVerified(
        "The deployed options are the configured ones",
        ("options of the stack",),
        "it does not read the deployed stack",
        "each difference is a row; it does not see later deploys",
    ),
    OnlyVerified(
        "Only the user is in the group",
        ("members of the group",),
        NO_TEMPLATE,
        "somebody can be added by hand at any time",
    ),
)


def promises() -> Iterator[Row]:
    """Promise, and what holds it at synth, in a review and deployed; in italics why nothing does."""
    for rule in RULES:
        checks = [title for title, rules in HELD.items() if rule.name in rules]
        held = _held(checks) if checks else f"*{NOT_VERIFIED[rule.name]}*"
        yield rule.promise, f"`{rule.name}`", f"`guardrail-{rule.name.replace('_', '-')}-…`", held
    for each in COMPARISONS:
        risk = f"Refused, unless accepted: {each.risk}"
        verify = f"*{each.verify}*" if isinstance(each.verify, str) else _held(each.verify)
        yield risk, f"*{ONE_TEMPLATE}*", _ids(each), verify
    for only in ONLY_VERIFIED:
        yield only.promise, f"*{only.synth}*", f"*{only.review}*", _held(only.checks)


def risks() -> Iterator[Row]:
    """Risk, its IDs, and who may accept it."""
    yield (
        "a promise of [guardrails.md](guardrails.md) is broken that was not broken before in the same way",
        "`guardrail-RULE-LOGICALID-HASH`",
        "somebody who may give up the promise: another value has another hash",
    )
    for each in COMPARISONS:
        yield each.risk, _ids(each), each.accepted_by


def _ids(comparison: Comparison) -> str:
    return ", ".join(f"`{each}`" for each in comparison.ids)


def _held(checks: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{title}`" for title in checks)
