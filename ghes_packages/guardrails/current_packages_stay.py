"""S3 must not delete or archive packages by itself.

A registry refers to its current objects, and must be able to read them at once. S3 Intelligent-Tiering allows that if
its archive tiers are off. Access logs may expire. Incomplete uploads stay for a week, so that clients can resume them.
"""

from ghes_packages.config.lifecycle import ACCESS_LOGS, TO_INTELLIGENT_TIERING
from ghes_packages.guardrails import Finding, Findings, RenderedStack, at

WEEK = ACCESS_LOGS.incomplete_upload_days
LIFECYCLE = ("LifecycleConfiguration", "Rules")
EXPIRED = "Never expire current packages: leave current_days None"
MOVED = "Move packages only to the storage class of the option storage_class: remove transitions"
ARCHIVED = "Leave the archive tiers off: GHES cannot read archived objects"
OURS = {"Transitions": [TO_INTELLIGENT_TIERING]}
REMEDIES = {"ExpirationInDays": EXPIRED, "ExpirationDate": EXPIRED, "Transitions": MOVED, "Transition": MOVED}


def findings(stack: RenderedStack) -> Findings:
    for bucket in stack.buckets:
        rules = bucket.at(*LIFECYCLE)
        if not isinstance(rules, list) or any(at(rule, "Status") != "Enabled" for rule in rules or [None]):
            remedy = "Set what S3 may remove, and when: lifecycle_rules=[_rule(lifecycle)]"
            yield Finding(bucket, "Properties.LifecycleConfiguration", remedy)
        allowed = {"ExpirationInDays"} if bucket is stack.log_bucket else set()
        ours = OURS if bucket is stack.packages_bucket else {}
        for path, rule in bucket.each(*LIFECYCLE):
            for key, remedy in REMEDIES.items():
                if key not in allowed and at(rule, key) not in (None, ours.get(key)):
                    yield Finding(bucket, f"{path}.{key}", remedy)
            days = at(rule, "AbortIncompleteMultipartUpload", "DaysAfterInitiation")
            if days is not None and not (isinstance(days, int) and days >= WEEK):
                yield Finding(bucket, path, f"Give uploads {WEEK} days to be completed: incomplete_upload_days={WEEK}")
        if "IntelligentTieringConfigurations" in bucket.properties:
            yield Finding(bucket, "Properties.IntelligentTieringConfigurations", ARCHIVED)
