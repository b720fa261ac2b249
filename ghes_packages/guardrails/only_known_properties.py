"""Only properties that the rules know may be set.

An inventory, notifications or analytics of a bucket could leak packages or their names. A copy of the secret could be
read in another region.
"""

from ghes_packages.guardrails import Finding, Findings, RenderedStack

# Each type of resource that the project has: the properties that it writes or another rule judges, and those that
# only name or describe.
KNOWN = {
    "AWS::IAM::AccessKey": "Serial Status UserName",
    "AWS::IAM::Group": "GroupName LoginProfile ManagedPolicyArns Policies",
    "AWS::IAM::ManagedPolicy": "Description Groups ManagedPolicyName Path PolicyDocument Roles Users",
    "AWS::IAM::Role": (
        "AssumeRolePolicyDocument Description ManagedPolicyArns PermissionsBoundary Policies RoleName Tags"
    ),
    "AWS::IAM::User": "Groups LoginProfile ManagedPolicyArns PermissionsBoundary Policies Tags UserName",
    "AWS::KMS::Alias": "AliasName TargetKeyId",
    "AWS::KMS::Key": (
        "BypassPolicyLockoutSafetyCheck Description EnableKeyRotation Enabled KeyPolicy PendingWindowInDays Tags"
    ),
    "AWS::S3::Bucket": (
        "AccessControl BucketEncryption BucketName CorsConfiguration IntelligentTieringConfigurations"
        " LifecycleConfiguration LoggingConfiguration OwnershipControls PublicAccessBlockConfiguration"
        " ReplicationConfiguration Tags VersioningConfiguration WebsiteConfiguration"
    ),
    "AWS::S3::BucketPolicy": "Bucket PolicyDocument",
    "AWS::SecretsManager::ResourcePolicy": "BlockPublicPolicy ResourcePolicy SecretId",
    "AWS::SecretsManager::Secret": "Description KmsKeyId Name SecretString Tags",
}


def findings(stack: RenderedStack) -> Findings:
    for resource in stack.of_type(*KNOWN):
        for name in sorted(resource.properties.keys() - set(KNOWN[resource.type].split())):
            yield Finding(resource, f"Properties.{name}", "Remove it, or add it here with a rule for its values")
