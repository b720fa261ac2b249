"""CORS must not be open to every website.

Package clients are not browsers.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack, at


def findings(stack: RenderedStack) -> Findings:
    for bucket in stack.buckets:
        for path, rule in bucket.each("CorsConfiguration", "CorsRules"):
            if "*" in str(at(rule, "AllowedOrigins")):
                yield Finding(bucket, path, "Remove the rule, or name the origins: GHES is not known to need any")
