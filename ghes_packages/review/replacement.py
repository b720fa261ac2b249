"""Which changes of a property make CloudFormation replace a resource.

Source: "Update requires: Replacement" in AWS's CloudFormation Template Reference. A test compares the table with the
database in the pinned CDK CLI.
"""

# The properties of each type that only a new resource can change. A type that is not here is one that `review`
# knows nothing of.
REPLACING = {
    "AWS::IAM::AccessKey": {"Serial", "UserName"},
    "AWS::IAM::Group": {"GroupName"},
    "AWS::IAM::GroupPolicy": {"GroupName", "PolicyName"},
    "AWS::IAM::ManagedPolicy": {"Description", "ManagedPolicyName", "Path"},
    "AWS::IAM::Policy": set[str](),
    "AWS::IAM::Role": {"Path", "RoleName"},
    "AWS::IAM::RolePolicy": {"PolicyName", "RoleName"},
    "AWS::IAM::User": {"UserName"},
    "AWS::IAM::UserPolicy": {"PolicyName", "UserName"},
    "AWS::IAM::UserToGroupAddition": set[str](),
    "AWS::KMS::Alias": {"AliasName"},
    "AWS::KMS::Key": set[str](),
    "AWS::S3::Bucket": {"BucketName", "BucketNamePrefix", "BucketNamespace", "ObjectLockEnabled"},
    "AWS::S3::BucketPolicy": {"Bucket"},
    "AWS::SecretsManager::ResourcePolicy": {"SecretId"},
    "AWS::SecretsManager::Secret": {"Name"},
}

# What cannot be made again: data, what protects it or is named by it, what GHES signs in as. An access key is another
# module's.
STATEFUL = {
    "AWS::IAM::User",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SecretsManager::Secret",
}
