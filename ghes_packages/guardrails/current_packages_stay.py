"""S3 must not delete or move packages by itself.

A registry still refers to its current objects, and must be able to read them at once. Access logs may expire. An
upload that is not complete stays for a week, so that it can be resumed.
"""

from ghes_packages.config.lifecycle import ACCESS_LOGS
from ghes_packages.guardrails import Finding, Findings
from ghes_packages.template.rendered import RenderedStack
from ghes_packages.template.rendering import at

WEEK = ACCESS_LOGS.incomplete_upload_days
LIFECYCLE = ("LifecycleConfiguration", "Rules")
EXPIRED = "Never expire current packages: leave current_days None"
MOVED = "Never move packages to another storage class: remove transitions"
REMEDIES = {"ExpirationInDays": EXPIRED, "ExpirationDate": EXPIRED, "Transitions": MOVED, "Transition": MOVED}


def findings(stack: RenderedStack) -> Findings:
    for bucket in stack.buckets:
        rules = bucket.at(*LIFECYCLE)
        if not isinstance(rules, list) or any(at(rule, "Status") != "Enabled" for rule in rules or [None]):
            remedy = "Say what S3 may remove, and when: lifecycle_rules=[_rule(lifecycle)]"
            yield Finding(bucket, "Properties.LifecycleConfiguration", remedy)
        allowed = {"ExpirationInDays"} if bucket is stack.log_bucket else set()
        for path, rule in bucket.each(*LIFECYCLE):
            for key in REMEDIES.keys() - allowed:
                if at(rule, key) is not None:
                    yield Finding(bucket, f"{path}.{key}", REMEDIES[key])
            days = at(rule, "AbortIncompleteMultipartUpload", "DaysAfterInitiation")
            if days is not None and not (isinstance(days, int) and days >= WEEK):
                yield Finding(bucket, path, f"Give uploads {WEEK} days to be completed: incomplete_upload_days={WEEK}")
        if "IntelligentTieringConfigurations" in bucket.properties:
            yield Finding(bucket, "Properties.IntelligentTieringConfigurations", MOVED)
