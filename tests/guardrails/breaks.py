"""Every way to break a promise: one list, for the guardrails at synth and for `review`.

An edit changes one value of a template, by the path of it: `to` sets it, `more` adds to a list, `gone` takes it away,
`renamed` gives it another key.
"""

import copy
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ghes_packages.config.instance import Instance
from ghes_packages.config.values import PreviousAccessKey, StorageClass
from tests.synthesis import INSTANCE, Json, template_of

ACCOUNT, ANOTHER_ACCOUNT = "111122223333", "444455556666"
HERE: Json = {"name": "production", "account": ACCOUNT, "region": "us-west-2"}
SOMEWHERE = Instance(**HERE)
RESTRICTED = Instance(**HERE, allowed_cidrs=("203.0.113.0/24",))
THROUGH_ENDPOINTS = Instance(**HERE, allowed_vpc_endpoints=("vpce-1a2b3c4d",))
BOTH_WAYS = Instance(**HERE, allowed_cidrs=("203.0.113.0/24",), allowed_vpc_endpoints=("vpce-1a2b3c4d",))
TIERED = Instance(**HERE, storage_class=StorageClass.INTELLIGENT_TIERING)
ROTATING = Instance(name="production", access_key=2, previous_access_key=PreviousAccessKey.ACTIVE)
REPLICATED = Instance(**HERE, encryption="kms", replica_region="us-east-1")
ENCRYPTED = Instance(**HERE, encryption="kms", secret_readers=(f"arn:aws:iam::{ACCOUNT}:role/setup",))
EXISTING = Instance(**HERE, existing_bucket="example")
# Its template has CDK's parameter and rule.
BOOTSTRAPPED = Instance(name="production", bootstrap=True)

Edit = Callable[[Json], object]


@dataclass(frozen=True)
class Break:
    """One edit of the template of an instance; `name` says what it breaks, and `rule` which rule must find it."""

    rule: str
    name: str
    edit: Edit
    instance: Instance

    @property
    def template(self) -> Json:
        """The whole template, broken."""
        return edited(self.edit, self.instance)


def edited(edit: Edit, instance: Instance = INSTANCE) -> Json:
    """A copy of the template of the instance, with the edit."""
    template = template_of(instance)
    edit(template)
    return template


# --- The edits


def at(template: Any, path: str) -> Any:
    """What stands at the path."""
    for key in path.split(".") if path else ():
        template = template[int(key) if isinstance(template, list) else key]
    return template


def _place(template: Json, path: str) -> tuple[Any, Any]:
    """What holds the value at the path, and its key there."""
    above, _, key = path.rpartition(".")
    holder = at(template, above)
    return holder, int(key) if isinstance(holder, list) else key


def to(path: str, value: Any) -> Edit:
    def edit(template: Json) -> None:
        holder, key = _place(template, path)
        holder[key] = value

    return edit


def gone(path: str) -> Edit:
    def edit(template: Json) -> None:
        holder, key = _place(template, path)
        del holder[key]

    return edit


def more(path: str, *values: Any) -> Edit:
    return lambda template: at(template, path).extend(values)


def renamed(path: str, name: str) -> Edit:
    above, _, key = path.rpartition(".")
    return lambda template: at(template, above).update({name: at(template, above).pop(key)})


def also(path: str, **changes: Any) -> Edit:
    """Adds to a list of statements a copy of its first one, with changes."""
    return lambda template: at(template, path).append({**at(template, path)[0], **changes})


def both(*edits: Edit) -> Edit:
    return lambda template: [edit(template) for edit in edits]


def added(kind: str, **properties: Any) -> Edit:
    return to("Resources.Extra", {"Type": kind, "Properties": properties})


def copied(path: str, name: str) -> Edit:
    """Adds a resource that is the same as the one at the path."""
    return lambda template: to(f"Resources.{name}", copy.deepcopy(at(template, path)))(template)


# --- What is in the templates


def of(logical_id: str) -> str:
    return f"Resources.{logical_id}.Properties"


def statements(logical_id: str) -> str:
    return f"{of(logical_id)}.PolicyDocument.Statement"


BUCKET, LOGS = "PackagesBucket3210E67E", "PackagesAccessLogs000D49E7"
BUCKET_POLICY, LOGS_POLICY = "PackagesBucketPolicyC2FF34FE", "PackagesAccessLogsPolicyDF7C529F"
GROUP, POLICY, USER = "AccessGroup8B65D982", "AccessPolicy24F350C1", "AccessUser138A70BB"
ACCESS_KEY, NEWEST_ACCESS_KEY, SECRET = "AccessAccessKey1D123CC98", "AccessAccessKey265FD35D5", "AccessSecretD1770891"
KMS_KEY, ALIAS, READERS = "Key9BCD29C7", "KeyAlias910D852D", "AccessSecretReadersD6B6E255"
ROLE, ROLE_POLICY = "PackagesBucketReplicationRole2C8B1845", "PackagesBucketReplicationPolicyA893289F"

LIFECYCLE = f"{of(BUCKET)}.LifecycleConfiguration"
RULE = f"{LIFECYCLE}.Rules.0"
ENCRYPTION = f"{of(BUCKET)}.BucketEncryption.ServerSideEncryptionConfiguration"
PUBLIC = f"{of(BUCKET)}.PublicAccessBlockConfiguration"
# The policy of a bucket denies no TLS and old TLS; that of the log bucket lets S3 deliver the logs.
DENIED, DELIVERED = statements(BUCKET_POLICY), f"{statements(LOGS_POLICY)}.2"
ON_BUCKET, ON_OBJECTS, FROM_ELSEWHERE = (f"{statements(POLICY)}.{number}" for number in range(3))
FIELDS = f"{of(SECRET)}.SecretString.Fn::Join.1"
# The account, the account through Secrets Manager, the user, readers of the secret.
ON_THE_KEY = f"{of(KMS_KEY)}.KeyPolicy.Statement"
READING = f"{of(READERS)}.ResourcePolicy.Statement.0"
TRUST = f"{of(ROLE)}.AssumeRolePolicyDocument.Statement.0"
# The source, its objects, those of the replica, the two keys.
REPLICATES = statements(ROLE_POLICY)
REPLICATION = f"{of(BUCKET)}.ReplicationConfiguration.Rules.0"
REPLICA = f"{REPLICATION}.Destination.Bucket.Fn::Join.1"


def ref(logical_id: str) -> Json:
    return {"Ref": logical_id}


def attribute(logical_id: str, name: str = "Arn") -> Json:
    return {"Fn::GetAtt": [logical_id, name]}


def joined(*parts: Any) -> Json:
    return {"Fn::Join": ["", [*parts]]}


def nested(levels: int, value: Any) -> Any:
    return functools.reduce(lambda inner, _: {"a": inner}, range(levels), value)


def allow(principal: Any, action: str = "s3:GetObject", **more: Any) -> Json:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}


def deny(action: str = "s3:*", **condition: Any) -> Json:
    return {**EVERYBODY, "Action": action, "Condition": condition}


def inline(**properties: Any) -> Json:
    return {"PolicyName": "more", "PolicyDocument": {"Statement": []}, **properties}


EVERYBODY = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*"}
OF_THE_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
TO_THE_USER = {"Effect": "Deny", "Action": "*", "Resource": "*"}
MACRO = {"Name": "AWS::Include", "Parameters": {"Location": "s3://example/more.json"}}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
A_KEY_ELSEWHERE = f"arn:aws:kms:us-west-2:{ANOTHER_ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKET_ELSEWHERE = "arn:aws:s3:::somebody-elses"
SECRET_KEY = attribute(ACCESS_KEY, "SecretAccessKey")
PARTITION = ref("AWS::Partition")
ARCHIVED = {"StorageClass": "GLACIER", "TransitionInDays": 30}
TO_TIERING = {"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}
TAGGED = {"Key": "a", "Value": "b"}
BY_S3 = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}

# Every form in which CloudFormation would fill in the secret key, or another secret; and where it must not.
TOLD = {
    "the secret key": SECRET_KEY,
    "the secret key by the short form": {"Fn::GetAtt": f"{ACCESS_KEY}.SecretAccessKey"},
    "the secret key by Fn::Sub": {"Fn::Sub": f"key=${{{ACCESS_KEY}.SecretAccessKey}}"},
    "the secret key in base 64": {"Fn::Base64": joined("key=", SECRET_KEY)},
    "another secret": "{{resolve:secretsmanager:packages:SecretString:secret_access_key}}",
    "another secret, joined of pieces": joined("{{resolve", ":ssm-secure:key}}"),
    "another secret, joined of braces": joined("{", "{resol", "ve:ssm-secure:key}}"),
}
IN_CLEAR = {
    "a tag of the user": f"{of(USER)}.Tags",
    "a tag of the secret": f"{of(SECRET)}.Tags",
    "metadata of the user": f"Resources.{USER}.Metadata",
    "metadata of the secret": f"Resources.{SECRET}.Metadata",
    "metadata of the template": "Metadata",
    "the ID of a statement": f"{ON_BUCKET}.Sid",
    "the ID of a lifecycle rule": f"{RULE}.Id",
    "the name of the secret": f"{of(SECRET)}.Name",
    "the path of the user": f"{of(USER)}.Path",
}
WITH_A_CENTRAL_LOG_BUCKET = both(
    to(f"{of(BUCKET)}.LoggingConfiguration", {"DestinationBucketName": "central-log-bucket"}),
    gone(f"Resources.{LOGS}"),
    gone(f"Resources.{LOGS_POLICY}"),
)
EXISTING_ARN = "arn:aws:s3:::example"
EXISTING_BUCKET = {
    "somebody else's": to(f"{ON_BUCKET}.Resource", BUCKET_ELSEWHERE),
    "somebody else's objects": to(f"{ON_OBJECTS}.Resource", f"{BUCKET_ELSEWHERE}/*"),
    "somebody else's too": to(f"{ON_BUCKET}.Resource", [EXISTING_ARN, BUCKET_ELSEWHERE]),
    "all objects": to(f"{ON_OBJECTS}.Resource", "*"),
    "all objects by Fn::Sub": to(f"{ON_OBJECTS}.Resource", {"Fn::Sub": "*"}),
    "those that begin alike": to(f"{ON_BUCKET}.Resource", joined("arn:", PARTITION, ":s3:::example", "*")),
    "somebody else's, joined": to(f"{ON_BUCKET}.Resource", joined("arn:", PARTITION, ":s3:::somebody-elses")),
    "one of any partition": to(f"{ON_BUCKET}.Resource", joined("arn:", "*", ":s3:::example")),
    "anything before it": to(f"{ON_BUCKET}.Resource", joined("*", PARTITION, ":s3:::example")),
    "something between": to(f"{ON_BUCKET}.Resource", {"Fn::Join": ["*", ["arn:", PARTITION, ":s3:::example"]]}),
    "others' objects, joined": to(f"{ON_OBJECTS}.Resource", joined("arn:", PARTITION, ":s3:::somebody-elses/*")),
}
WHO_MAY_NOT_USE_THE_KEY = {
    "everybody by Fn::Sub": {"AWS": {"Fn::Sub": "*"}},
    "everybody by Fn::Join": {"AWS": joined("*")},
    "another account": {"AWS": f"arn:aws:iam::{ANOTHER_ACCOUNT}:root"},
    "another account by its number": {"AWS": ANOTHER_ACCOUNT},
    "another account beside its own": {"AWS": [f"arn:aws:iam::{each}:root" for each in (ACCOUNT, ANOTHER_ACCOUNT)]},
    "a role of another account": {"AWS": f"arn:aws:iam::{ANOTHER_ACCOUNT}:role/other"},
    "a role in every way": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/setup"},
    "the user in every way": {"AWS": attribute(USER)},
    "something unknown": {"AWS": attribute("Other")},
    "a service": {"Service": "lambda.amazonaws.com"},
    "a service beside its account": {"AWS": f"arn:aws:iam::{ACCOUNT}:root", "Service": "lambda.amazonaws.com"},
}


def cases(rule: str, edits: Mapping[str, Edit], instance: Instance = INSTANCE) -> Iterator[Break]:
    return (Break(rule, name, edit, instance) for name, edit in edits.items())


ACCESS_LOGGED = {
    "the bucket is not logged": gone(f"{of(BUCKET)}.LoggingConfiguration"),
    "the bucket logs to itself": to(f"{of(BUCKET)}.LoggingConfiguration.DestinationBucketName", ref(BUCKET)),
    "another bucket is not logged": both(
        copied(f"Resources.{BUCKET}", "Another"), gone(f"{of('Another')}.LoggingConfiguration")
    ),
    "S3 may not deliver the logs": gone(DELIVERED),
}
ACLS_OFF = {
    "no word of ownership": gone(f"{of(BUCKET)}.OwnershipControls"),
    "the owner is preferred": to(f"{of(BUCKET)}.OwnershipControls.Rules.0.ObjectOwnership", "BucketOwnerPreferred"),
    "the bucket has an ACL": to(f"{of(BUCKET)}.AccessControl", "PublicRead"),
}
CURRENT_PACKAGES_STAY = {
    "no lifecycle": gone(LIFECYCLE),
    "a lifecycle without rules": to(f"{LIFECYCLE}.Rules", []),
    "a lifecycle that is off": to(f"{RULE}.Status", "Disabled"),
    "rules that are no list": to(f"{LIFECYCLE}.Rules", {"Fn::Split": [",", "a,b"]}),
    "packages expire": to(f"{RULE}.ExpirationInDays", 365),
    "packages expire on a day": to(f"{RULE}.ExpirationDate", "2030-01-01T00:00:00Z"),
    "packages expire by a second rule": more(f"{LIFECYCLE}.Rules", {"Status": "Enabled", "ExpirationInDays": 1}),
    "packages move": to(f"{RULE}.Transitions", [ARCHIVED]),
    "packages move once": to(f"{RULE}.Transition", ARCHIVED),
    "packages are archived": to(f"{of(BUCKET)}.IntelligentTieringConfigurations", [{"Id": "a", "Tierings": []}]),
    "packages expire beside a central log bucket": both(WITH_A_CENTRAL_LOG_BUCKET, to(f"{RULE}.ExpirationInDays", 365)),
    "packages expire on a day beside a central log bucket": both(
        WITH_A_CENTRAL_LOG_BUCKET, to(f"{RULE}.ExpirationDate", "2030-01-01T00:00:00Z")
    ),
    "uploads have one day": to(f"{RULE}.AbortIncompleteMultipartUpload.DaysAfterInitiation", 1),
}
OTHER_MOVES = {
    "to Glacier Flexible Retrieval": [{**TO_TIERING, "StorageClass": "GLACIER"}],
    "to Glacier Instant Retrieval": [{**TO_TIERING, "StorageClass": "GLACIER_IR"}],
    "to Glacier Deep Archive": [{**TO_TIERING, "StorageClass": "DEEP_ARCHIVE"}],
    "to Standard-IA": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 31}],
    "to Intelligent-Tiering, and on": [TO_TIERING, ARCHIVED],
    "a day later": [{**TO_TIERING, "TransitionInDays": 1}],
    "on a day": [{"StorageClass": "INTELLIGENT_TIERING", "TransitionDate": "2030-01-01T00:00:00Z"}],
    "nowhere": [],
    "by what is no list": TO_TIERING,
}
MOVED_OTHERWISE = {
    **{f"packages move {name}": to(f"{RULE}.Transitions", moves) for name, moves in OTHER_MOVES.items()},
    "packages move, in the older form": to(f"{RULE}.Transition", TO_TIERING),
    "access logs move": to(f"{of(LOGS)}.LifecycleConfiguration.Rules.0.Transitions", [TO_TIERING]),
    "the archive tiers": to(f"{of(BUCKET)}.IntelligentTieringConfigurations", [{"Id": "a", "Status": "Enabled"}]),
}
NOT_ENCRYPTED = {
    "no encryption": gone(f"{of(BUCKET)}.BucketEncryption"),
    "no rule of encryption": to(ENCRYPTION, []),
    "the secret with a key of an account that may be another": to(f"{of(SECRET)}.KmsKeyId", A_KEY_ELSEWHERE),
    "a key that is off": added("AWS::KMS::Key", Enabled=False),
    "a key that is off in words": added("AWS::KMS::Key", Enabled="false"),
}
ENCRYPTED_BADLY = {
    "the bucket with a key of another account": to(
        f"{ENCRYPTION}.0.ServerSideEncryptionByDefault.KMSMasterKeyID", A_KEY_ELSEWHERE
    ),
    "the bucket with an alias that the stack does not have": gone(f"Resources.{ALIAS}"),
    "the secret with a key of another account": to(f"{of(SECRET)}.KmsKeyId", A_KEY_ELSEWHERE),
    "the alias of another key": to(f"{of(ALIAS)}.TargetKeyId", A_KEY_ELSEWHERE),
    "a log bucket to which S3 delivers nothing": to(
        f"{of(LOGS)}.BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm",
        "aws:kms",
    ),
}
EXISTING_BUCKET_UNTOUCHED = {
    "a policy for a bucket by its name": to(f"{of(BUCKET_POLICY)}.Bucket", "example"),
    "a policy for what is no bucket": to(f"{of(BUCKET_POLICY)}.Bucket", ref(USER)),
}
KEY_ROTATED = {
    "the key is not rotated": to(f"{of(KMS_KEY)}.EnableKeyRotation", False),
    "no word of rotation": gone(f"{of(KMS_KEY)}.EnableKeyRotation"),
}
NO_CORS_FOR_EVERYONE = {
    "every origin": to(f"{of(BUCKET)}.CorsConfiguration", {"CorsRules": [{"AllowedOrigins": ["*"]}]}),
    "every host of a domain": to(
        f"{of(BUCKET)}.CorsConfiguration", {"CorsRules": [{"AllowedOrigins": ["https://*.example.com"]}]}
    ),
}
NO_OPEN_KEY_OR_SECRET = {
    "the secret takes public policies": to(f"{of(READERS)}.BlockPublicPolicy", False),
    "readers of another secret": to(f"{of(READERS)}.SecretId", "somebody-elses"),
    "everybody reads the secret": to(f"{READING}.Principal", {"AWS": "*"}),
    "another account reads the secret": to(f"{READING}.Principal", {"AWS": f"arn:aws:iam::{ANOTHER_ACCOUNT}:root"}),
    "every role of an account reads it": to(f"{READING}.Principal", {"AWS": f"arn:aws:iam::{ANOTHER_ACCOUNT}:role/*"}),
    "every role by Fn::Sub reads it": to(
        f"{READING}.Principal", {"AWS": {"Fn::Sub": f"arn:aws:iam::{ANOTHER_ACCOUNT}:role/*"}}
    ),
    "a service reads the secret": to(f"{READING}.Principal.Service", "lambda.amazonaws.com"),
    "readers do anything with the secret": to(f"{READING}.Action", "secretsmanager:*"),
    "readers are denied": to(f"{READING}.Effect", "Deny"),
    "all but the readers read the secret": renamed(f"{READING}.Principal", "NotPrincipal"),
    "everybody uses the key": to(f"{ON_THE_KEY}.0.Principal", "*"),
    "everybody of AWS uses the key": to(f"{ON_THE_KEY}.0.Principal", {"AWS": "*"}),
    "everybody in a list uses the key": to(f"{ON_THE_KEY}.0.Principal", {"AWS": ["*"]}),
    "everybody is a reader who uses the key": to(f"{ON_THE_KEY}.3.Principal", {"AWS": "*"}),
    "all but the account use the key": renamed(f"{ON_THE_KEY}.0.Principal", "NotPrincipal"),
    "the account is denied the key": to(f"{ON_THE_KEY}.0.Effect", "Deny"),
    "the account administers nothing": gone(f"{ON_THE_KEY}.0"),
    "the account administers another key": to(f"{ON_THE_KEY}.0.Resource", A_KEY_ELSEWHERE),
    "nobody administers the key": to(ON_THE_KEY, []),
    "AWS does not look at the policy of the key": to(f"{of(KMS_KEY)}.BypassPolicyLockoutSafetyCheck", True),
    "the user uses the key by itself": gone(f"{ON_THE_KEY}.2.Condition"),
    "the user uses the key for any bucket": to(
        f"{ON_THE_KEY}.2.Condition.StringLike", {"kms:EncryptionContext:aws:s3:arn": "*"}
    ),
    "the user uses the key in every way": to(f"{ON_THE_KEY}.2.Action", "kms:*"),
    "a reader uses the key by itself": gone(f"{ON_THE_KEY}.3.Condition"),
    "a reader encrypts": to(f"{ON_THE_KEY}.3.Action", ["kms:Decrypt", "kms:Encrypt"]),
    "a role that reads no secret decrypts": to(
        f"{ON_THE_KEY}.3.Principal", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}
    ),
    **{
        f"the key is open to {who}": also(ON_THE_KEY, Principal=principal)
        for who, principal in WHO_MAY_NOT_USE_THE_KEY.items()
    },
}
NO_OTHER_DENIAL = {
    "everything to everybody": more(DENIED, EVERYBODY),
    "everything to all but one role": more(
        DENIED, deny(StringNotEquals={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/one"})
    ),
    "everything from elsewhere": more(DENIED, deny(NotIpAddress={"aws:SourceIp": ["203.0.113.0/24"]})),
    "reading from elsewhere": more(DENIED, deny("s3:Get*", NotIpAddress={"AWS:SourceIP": "203.0.113.0/24"})),
    "everything from outside of a VPC's addresses": more(
        DENIED, deny("*", NotIpAddress={"aws:VpcSourceIp": "10.0.0.0/8"})
    ),
    "everything from outside of a VPC": more(DENIED, deny(StringNotEquals={"aws:SourceVpc": "vpc-1"})),
    "everything but through an endpoint": more(DENIED, deny(StringNotEquals={"aws:SourceVpce": "vpce-1"})),
    "from elsewhere, behind another denial": more(
        DENIED, EVERYBODY, deny(NotIpAddress={"aws:SourceIp": "203.0.113.0/24"})
    ),
    "another algorithm": more(DENIED, deny(StringNotEquals={"s3:x-amz-server-side-encryption": "AES256"})),
    "no header, behind another denial": more(DENIED, EVERYBODY, deny(Null={"s3:x-amz-server-side-encryption": "true"})),
    "no header with a key": more(DENIED, deny(Null={"s3:x-amz-server-side-encryption-aws-kms-key-id": "true"})),
    "old signatures": more(DENIED, deny(Bool={"s3:signatureAge": "1"})),
    "no TLS, to one account": to(f"{DENIED}.0.Condition.StringEquals", {"aws:PrincipalAccount": ACCOUNT}),
    "old TLS, with few keys": to(f"{DENIED}.1.Condition.NumericLessThan.s3:max-keys", 1),
    "a statement that cannot be read": more(DENIED, "deny"),
    "everything to the user": more(statements(POLICY), TO_THE_USER),
    "listing from elsewhere, to the user": more(
        statements(POLICY),
        {
            **TO_THE_USER,
            "Action": "s3:ListBucket",
            "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        },
    ),
}
NO_OTHER_DENIAL_BY_ADDRESS = {
    "objects to services that act for the user": gone(f"{FROM_ELSEWHERE}.Condition.Bool"),
    "objects from allowed addresses": renamed(f"{FROM_ELSEWHERE}.Condition.NotIpAddress", "IpAddress"),
    "the bucket from elsewhere": to(f"{FROM_ELSEWHERE}.Resource", attribute(BUCKET)),
}
BY_ENDPOINT = f"{FROM_ELSEWHERE}.Condition.StringNotEquals"
NO_OTHER_DENIAL_BY_ENDPOINT = {
    "objects to services that act for the user": gone(f"{FROM_ELSEWHERE}.Condition.Bool"),
    "objects through allowed endpoints": renamed(BY_ENDPOINT, "StringEquals"),
    "objects from outside of a VPC": to(BY_ENDPOINT, {"aws:SourceVpc": ["vpc-1a2b3c4d"]}),
    "objects to one account": to(f"{BY_ENDPOINT}.aws:PrincipalAccount", ACCOUNT),
    "objects through no endpoint at all": to(f"{BY_ENDPOINT}.aws:SourceVpce", []),
    "every resource": to(f"{FROM_ELSEWHERE}.Resource", "*"),
    "every action": to(f"{FROM_ELSEWHERE}.Action", "s3:*"),
    "all actions but some": renamed(f"{FROM_ELSEWHERE}.Action", "NotAction"),
}
NO_OTHER_GRANT_TO_THE_USER = {
    "the user has an inline policy": to(f"{of(USER)}.Policies", [inline()]),
    "the user has a managed policy": to(f"{of(USER)}.ManagedPolicyArns", [ADMINISTRATOR]),
    "the group has a managed policy": to(of(GROUP), {"ManagedPolicyArns": [ADMINISTRATOR]}),
    "the user has a console password": to(f"{of(USER)}.LoginProfile", {"Password": "{{resolve:ssm-secure:password}}"}),
    "the policy is attached to the user": to(f"{of(POLICY)}.Users", [ref(USER)]),
    "the policy is attached to a role": to(f"{of(POLICY)}.Roles", ["somebody"]),
    "the policy of a role is attached to the user": added(
        "AWS::IAM::ManagedPolicy", Roles=["somebody"], Users=[ref(USER)]
    ),
    "an inline policy for the user": added("AWS::IAM::Policy", **inline(Users=[ref(USER)])),
    "an inline policy for the group": added("AWS::IAM::Policy", **inline(Groups=[ref(GROUP)])),
    "a policy of the user's own": added("AWS::IAM::UserPolicy", **inline(UserName=ref(USER))),
    "a policy of the group's own": added("AWS::IAM::GroupPolicy", **inline(GroupName=ref(GROUP))),
    "the user joins another group": added("AWS::IAM::UserToGroupAddition", GroupName="admins", Users=[ref(USER)]),
}
NO_PRINCIPAL = {
    "CloudFront reads": more(DENIED, allow({"Service": "cloudfront.amazonaws.com"}, Condition=OF_THE_ACCOUNT)),
    "the log service reads": more(DENIED, allow({"Service": "logging.s3.amazonaws.com"}, Condition=OF_THE_ACCOUNT)),
    "any service writes": more(DENIED, allow({"Service": "*"}, "s3:PutObject", Condition=OF_THE_ACCOUNT)),
    "log delivery without conditions": gone(f"{DELIVERED}.Condition"),
    "log delivery of any bucket": to(f"{DELIVERED}.Condition", OF_THE_ACCOUNT),
    "log delivery of any account": to(f"{DELIVERED}.Condition.StringEquals.aws:SourceAccount", "*"),
    "log delivery of two accounts": to(
        f"{DELIVERED}.Condition.StringEquals.aws:SourceAccount", [ACCOUNT, ANOTHER_ACCOUNT]
    ),
    "log delivery of others": to(f"{DELIVERED}.Condition.ArnLike.aws:SourceArn", BUCKET_ELSEWHERE),
    "log delivery to the packages": lambda template: at(template, DENIED).append(at(template, DELIVERED)),
    "everybody reads": more(DENIED, allow("*")),
    "the user reads by its ARN": more(DENIED, allow({"AWS": attribute(USER)})),
    "who signs in elsewhere reads": more(DENIED, allow({"Federated": "accounts.example.com"})),
    "a canonical user reads": more(DENIED, allow({"CanonicalUser": "0123"})),
    "another log service reads": more(DENIED, allow({"Service": "delivery.logs.amazonaws.com"})),
    "all but nobody do anything": more(
        DENIED, {"Effect": "Allow", "NotPrincipal": {"AWS": "*"}, "Action": "*", "Resource": "*"}
    ),
}
NO_PRINCIPAL_ELSEWHERE = {
    "log delivery of another account": to(f"{DELIVERED}.Condition.StringEquals.aws:SourceAccount", ANOTHER_ACCOUNT)
}
NO_ROLE = {
    "everybody assumes the role": to(f"{TRUST}.Principal", {"AWS": "*"}),
    "EC2 assumes the role": to(f"{TRUST}.Principal", {"Service": "ec2.amazonaws.com"}),
    "the account assumes the role too": to(f"{TRUST}.Principal.AWS", ACCOUNT),
    "who signs in elsewhere assumes the role too": to(f"{TRUST}.Principal.Federated", "accounts.example.com"),
    "the role is assumed with a web identity": to(f"{TRUST}.Action", "sts:AssumeRoleWithWebIdentity"),
    "a role that replicates nothing": copied(f"Resources.{ROLE}", "Another"),
    "a boundary of another account": to(
        f"{of(ROLE)}.PermissionsBoundary", f"arn:aws:iam::{ANOTHER_ACCOUNT}:policy/roles"
    ),
    "the role has an inline policy": to(f"{of(ROLE)}.Policies", [inline()]),
    "the role has a managed policy": to(f"{of(ROLE)}.ManagedPolicyArns", [ADMINISTRATOR]),
    "the policy is for somebody else's role too": more(f"{of(ROLE_POLICY)}.Roles", "other"),
    "the owner of the replica changes": more(f"{REPLICATES}.2.Action", "s3:ObjectOwnerOverrideToBucketOwner"),
    "every action": to(f"{REPLICATES}.0.Action", "s3:*"),
    "all actions but some": renamed(f"{REPLICATES}.0.Action", "NotAction"),
    "replicas everywhere": to(f"{REPLICATES}.2.Resource", "*"),
    "replicas everywhere, in a list": to(f"{REPLICATES}.2.Resource", ["*"]),
    "replicas in every bucket": to(f"{REPLICATES}.2.Resource", "arn:aws:s3:::*"),
    "replicas in every bucket, joined": to(f"{REPLICATES}.2.Resource", joined("arn:aws:s3:::", "*")),
    "replicas everywhere but here": renamed(f"{REPLICATES}.2.Resource", "NotResource"),
    "replicas everywhere but there": to(f"{REPLICATES}.2.NotResource", EXISTING_ARN),
    "replicas in every bucket too": lambda template: at(template, f"{REPLICATES}.2").update(
        Resource=[at(template, f"{REPLICATES}.2.Resource"), "arn:aws:s3:::*"]
    ),
    "more at the end of the ARN": more(f"{REPLICATES}.2.Resource.Fn::Join.1", "*"),
    "an ARN of anything": to(f"{REPLICATES}.2.Resource.Fn::Join.1.0", "*"),
    "an ARN without a slash": to(f"{REPLICATES}.2.Resource.Fn::Join.1.2", "*"),
    "an ARN with something between": to(f"{REPLICATES}.1.Resource.Fn::Join.0", "*"),
    "the key by itself": gone(f"{REPLICATES}.3.Condition"),
    "the key in every way": to(f"{REPLICATES}.3.Action", "kms:*"),
}
NO_ROLE_WITHOUT_A_REPLICA = {
    "a role without a replica": added("AWS::IAM::Role", AssumeRolePolicyDocument={"Statement": [BY_S3]})
}
NO_SECRET_IN_AN_OUTPUT = {
    "the secret key in pieces": to("Outputs.Key", {"Value": {"Fn::Select": [0, {"Fn::Split": ["/", SECRET_KEY]}]}}),
    "the secret key, joined twice": to("Outputs.Key", {"Value": joined(joined(SECRET_KEY))}),
    "a secret by a name that is joined": to("Outputs.Key", {"Value": joined("{{resolve:secretsmanager:", ref(BUCKET))}),
    "an attribute that may be secret": to("Outputs.Key", {"Value": attribute(BUCKET, "DomainName")}),
    "an output for other stacks": to("Outputs.Key", {"Value": "x", "Export": {"Name": "key"}}),
    **{f"{what} in an output": to("Outputs.Key", {"Value": value}) for what, value in TOLD.items()},
    **{f"{what} in a description": to("Outputs.IamUserName.Description", value) for what, value in TOLD.items()},
}
NO_SECRET_IN_CLEAR = {
    "no secret": gone(f"Resources.{SECRET}"),
    "a second secret": copied(f"Resources.{SECRET}", "Another"),
    "a second secret in clear": added("AWS::SecretsManager::Secret", SecretString="clear"),
    "nothing in the secret": gone(f"{of(SECRET)}.SecretString"),
    "a secret in clear": to(f"{of(SECRET)}.SecretString", "in clear"),
    "the secret key as the ID": to(f"{FIELDS}.1", SECRET_KEY),
    "the secret key in clear": to(f"{FIELDS}.3", "clear"),
    "a secret key in clear before it": to(f"{FIELDS}.2", '","secret_access_key": "clear'),
    "a secret key in clear behind it": to(f"{FIELDS}.4", '","secret_access_key":"clear","bucket":"'),
    "the secret key with more": to(
        f"{of(SECRET)}.SecretString", joined('{"secret_access_key":"clear', SECRET_KEY, '"}')
    ),
    "another bucket than in the outputs": to(f"{FIELDS}.5", "somebody-elses"),
    "another service than in the outputs": to(f"{FIELDS}.6", '","service_url":"https://s4.'),
    "the secret key in another resource": added("AWS::SSM::Parameter", Type="String", Value=SECRET_KEY),
    "the secret key in a text of another resource": added("AWS::SSM::Parameter", Value=joined("key=", SECRET_KEY)),
    "the secret key in a description": to(f"{of(SECRET)}.Description", joined("key ", SECRET_KEY)),
    "the secret key, deeply nested": to(f"Resources.{USER}.Metadata", nested(200, SECRET_KEY)),
    **{
        f"{what} in {where}": to(path, [{"Key": "key", "Value": value}] if path.endswith("Tags") else value)
        for where, path in IN_CLEAR.items()
        for what, value in TOLD.items()
    },
}
NO_SECRET_IN_A_RULE = {f"{what} in a rule of the template": to("Rules.Key", value) for what, value in TOLD.items()}
NO_SECRET_IN_CLEAR_AFTER_A_ROTATION = {
    "the access key before": both(to(f"{FIELDS}.1", ref(ACCESS_KEY)), to(f"{FIELDS}.3", SECRET_KEY))
}
NO_WEBSITE = {"a website": to(f"{of(BUCKET)}.WebsiteConfiguration", {"IndexDocument": "index.html"})}
ONLY_ITS_OWN_ACCESS_KEYS = {
    "no access key": gone(f"Resources.{ACCESS_KEY}"),
    "somebody else gets one": added("AWS::IAM::AccessKey", UserName="somebody", Status="Active"),
    "somebody else gets it": both(to(f"{of(ACCESS_KEY)}.UserName", "somebody"), gone("Outputs.IamUserName")),
    "it is of no generation": copied(f"Resources.{ACCESS_KEY}", "AnotherKey"),
    "its generation is there already": copied(f"Resources.{ACCESS_KEY}", "AccessAccessKey100000000"),
    "it is not active": to(f"{of(ACCESS_KEY)}.Status", "Inactive"),
    "it has a serial": to(f"{of(ACCESS_KEY)}.Serial", 2),
    "it says no status": gone(f"{of(ACCESS_KEY)}.Status"),
    "there are three": both(
        *(copied(f"Resources.{ACCESS_KEY}", f"AccessAccessKey{number}00000000") for number in (2, 3))
    ),
}
A_PARAMETER_GETS_THE_ACCESS_KEY = {
    "a parameter gets it": both(
        *(to(path, ref("BootstrapVersion")) for path in (f"{of(ACCESS_KEY)}.UserName", "Outputs.IamUserName.Value"))
    ),
}
ONLY_ITS_OWN_ACCESS_KEYS_IN_A_ROTATION = {
    "only the one before is active": to(f"{of(NEWEST_ACCESS_KEY)}.Status", "Inactive")
}
ONLY_KNOWN_PROPERTIES = {
    "an inventory": to(f"{of(BUCKET)}.InventoryConfigurations", [{"Id": "all"}]),
    "notifications": to(f"{of(BUCKET)}.NotificationConfiguration", {"EventBridgeConfiguration": {}}),
    "transfer acceleration": to(f"{of(BUCKET)}.AccelerateConfiguration", {"AccelerationStatus": "Enabled"}),
    "a path of the user": to(f"{of(USER)}.Path", "/admins/"),
    "a secret in another region": to(f"{of(SECRET)}.ReplicaRegions", [{"Region": "us-east-1"}]),
    "a secret of AWS's making": to(f"{of(SECRET)}.GenerateSecretString", {}),
}
ONLY_KNOWN_PROPERTIES_OF_A_KEY = {
    "a key for other regions": to(f"{of(KMS_KEY)}.MultiRegion", True),
    "a key of somebody else's making": to(f"{of(KMS_KEY)}.Origin", "EXTERNAL"),
}
ONLY_KNOWN_RESOURCES = {
    "an access point": added("AWS::S3::AccessPoint", Bucket=ref(BUCKET)),
    "a nested stack": added("AWS::CloudFormation::Stack", TemplateURL="https://example.com/template.json"),
    "a parameter": added("AWS::SSM::Parameter", Type="String", Value="x"),
    "a policy of a role": added("AWS::IAM::RolePolicy", **inline(RoleName="somebody")),
    "no type": to("Resources.Extra", {}),
}
OUTPUTS_OF_THIS_STACK = {
    "the service is elsewhere": to("Outputs.AwsServiceUrl.Value", "https://s3.example.com"),
    "the service is in another region": to("Outputs.AwsServiceUrl.Value.Fn::Join.1.1", "eu-west-1"),
    "the region is another one": to("Outputs.AwsS3Region.Value", "eu-west-1"),
    "the bucket is somebody else's": to("Outputs.AwsS3Bucket.Value", "somebody-elses"),
    "no bucket": gone("Outputs.AwsS3Bucket"),
    "an ARN for the bucket": to("Outputs.AwsS3Bucket.Value", attribute(BUCKET)),
    "an access key that is not the stack's": to("Outputs.AwsS3AccessKey.Value", "AKIA0"),
    "a previous one that is not the stack's": to("Outputs.PreviousAwsS3AccessKey", {"Value": "AKIA0"}),
    "another secret": to("Outputs.AwsS3SecretKeyReference.Value", "somebody-elses"),
    "another user": to("Outputs.IamUserName.Value", ref(GROUP)),
}
OUTPUTS_IN_A_ROTATION = {
    "the access key before": to("Outputs.AwsS3AccessKey.Value", ref(ACCESS_KEY)),
    "the newest one as the one before": to("Outputs.PreviousAwsS3AccessKey.Value", ref(NEWEST_ACCESS_KEY)),
}
PUBLIC_ACCESS_BLOCKED = {
    "no block": gone(PUBLIC),
    "no word of public ACLs": gone(f"{PUBLIC}.BlockPublicAcls"),
    "public policies": to(f"{PUBLIC}.BlockPublicPolicy", False),
    "public ACLs count": to(f"{PUBLIC}.IgnorePublicAcls", False),
    "a public bucket serves": to(f"{PUBLIC}.RestrictPublicBuckets", False),
}
REPLICA_IN_STEP = {
    "the access logs are not replicated": gone(f"{of(LOGS)}.ReplicationConfiguration"),
    "the packages are not replicated": gone(f"{of(BUCKET)}.ReplicationConfiguration"),
    "somebody else's role": to(
        f"{of(BUCKET)}.ReplicationConfiguration.Role", f"arn:aws:iam::{ANOTHER_ACCOUNT}:role/one"
    ),
    "two rules": also(f"{of(BUCKET)}.ReplicationConfiguration.Rules"),
    "the rule is off": to(f"{REPLICATION}.Status", "Disabled"),
    "one prefix only": to(f"{REPLICATION}.Filter.Prefix", "npm/"),
    "one tag only": to(f"{REPLICATION}.Filter.TagFilter", TAGGED),
    "some tags only": to(f"{REPLICATION}.Filter", {"And": {"Prefix": "", "TagFilters": [TAGGED]}}),
    "no word of delete markers": gone(f"{REPLICATION}.DeleteMarkerReplication"),
    "no delete markers": to(f"{REPLICATION}.DeleteMarkerReplication.Status", "Disabled"),
    "no metrics": gone(f"{REPLICATION}.Destination.Metrics"),
    "an archive": to(f"{REPLICATION}.Destination.StorageClass", "GLACIER"),
    "somebody else's bucket": to(f"{REPLICATION}.Destination.Bucket", BUCKET_ELSEWHERE),
    "a bucket of the same stack": to(f"{REPLICATION}.Destination.Bucket", attribute(LOGS)),
    "somebody else's bucket, by its beginning": to(f"{REPLICA}.0", f"{BUCKET_ELSEWHERE}-"),
    "somebody else's bucket, by its name": to(f"{REPLICA}.1", "somebody-elses"),
    "somebody else's bucket, by its end": more(REPLICA, "-of-somebody-else"),
    "somebody else's stack": to(f"{REPLICA}.1.Fn::GetStackOutput.StackName", "somebody-elses"),
    "another output": to(f"{REPLICA}.1.Fn::GetStackOutput.OutputName", "SomebodyElses"),
    "the bucket of the access logs": to(f"{REPLICA}.1.Fn::GetStackOutput.OutputName", "ReplicaAccessLogsS3Bucket"),
    "a stack that another role reads": to(
        f"{REPLICA}.1.Fn::GetStackOutput.RoleArn", f"arn:aws:iam::{ANOTHER_ACCOUNT}:role/one"
    ),
    "another account": to(f"{REPLICATION}.Destination.Account", ANOTHER_ACCOUNT),
    "another owner": to(f"{REPLICATION}.Destination.AccessControlTranslation", {"Owner": "Destination"}),
    "nothing that is encrypted": gone(f"{REPLICATION}.SourceSelectionCriteria"),
    "no key of the replica": gone(f"{REPLICATION}.Destination.EncryptionConfiguration"),
    "another key of the replica": to(
        f"{REPLICATION}.Destination.EncryptionConfiguration.ReplicaKmsKeyID", "alias/other"
    ),
}
RETAINED = {
    "the bucket goes with the stack": to(f"Resources.{BUCKET}.DeletionPolicy", "Delete"),
    "no word of deletion": gone(f"Resources.{BUCKET}.DeletionPolicy"),
    "the bucket goes when it is replaced": to(f"Resources.{BUCKET}.UpdateReplacePolicy", "Delete"),
    "no value for a replacement": to(f"Resources.{BUCKET}.UpdateReplacePolicy", "RetainExceptOnCreate"),
    "the policy goes with the stack": to(f"Resources.{BUCKET_POLICY}.DeletionPolicy", "Delete"),
    "a key that goes with the stack": added("AWS::KMS::Key", KeyPolicy={}),
}
KEY_RETAINED = {
    "the alias of the key goes with the stack": gone(f"Resources.{ALIAS}.DeletionPolicy"),
    "a deletion of the key is final in a week": to(f"{of(KMS_KEY)}.PendingWindowInDays", 7),
}
SEVEN_ACTIONS = {
    "no policy": gone(f"Resources.{POLICY}"),
    "two policies": copied(f"Resources.{POLICY}", "Another"),
    "two of the seven": gone(ON_OBJECTS),
    "six of the seven": gone(f"{ON_OBJECTS}.Action.0"),
    "no listing of uploads": to(f"{ON_BUCKET}.Action", "s3:ListBucket"),
    "an eighth action": more(f"{ON_OBJECTS}.Action", "s3:GetObjectAcl"),
    "every action on objects": to(f"{ON_OBJECTS}.Action", "s3:*"),
    "all actions but some": renamed(f"{ON_BUCKET}.Action", "NotAction"),
    "an action for objects on the bucket": more(f"{ON_BUCKET}.Action", "s3:GetObject"),
    "under a condition": to(f"{ON_BUCKET}.Condition", {"Bool": {"aws:SecureTransport": "true"}}),
    "all denied": both(to(f"{ON_BUCKET}.Effect", "Deny"), to(f"{ON_OBJECTS}.Effect", "Deny")),
    "somebody else's bucket": to(f"{ON_BUCKET}.Resource", BUCKET_ELSEWHERE),
    "somebody else's objects": to(f"{ON_OBJECTS}.Resource", f"{BUCKET_ELSEWHERE}/*"),
    "no ARN of the bucket": to(f"{ON_BUCKET}.Resource", attribute(BUCKET, "DomainName")),
    "more at the end of the ARN": more(f"{ON_OBJECTS}.Resource.Fn::Join.1", "*"),
    "every bucket": to(f"{ON_BUCKET}.Resource", "*"),
    "all objects": to(f"{ON_OBJECTS}.Resource", "*"),
    "objects instead of the bucket": to(f"{ON_BUCKET}.Resource", joined(attribute(BUCKET), "/*")),
    "the bucket beside its objects": to(f"{ON_OBJECTS}.Resource", [joined(attribute(BUCKET), "/*"), attribute(BUCKET)]),
    "the bucket of the access logs": to(f"{ON_BUCKET}.Resource", attribute(LOGS)),
    "objects below a prefix": to(f"{ON_OBJECTS}.Resource.Fn::Join.1.1", "/npm/*"),
    "buckets that begin alike": to(f"{ON_BUCKET}.Resource", "arn:aws:s3:::example-*"),
    "objects of every bucket": to(f"{ON_OBJECTS}.Resource", "arn:aws:s3:::*/*"),
    "a prefix of a bucket by its name": to(f"{ON_OBJECTS}.Resource", f"{EXISTING_ARN}/npm/*"),
    "every bucket, the output joined": both(
        to("Outputs.AwsS3Bucket.Value", joined(ref(BUCKET), "")), to(f"{ON_BUCKET}.Resource", "*")
    ),
    "every bucket, the output an ARN": both(
        to("Outputs.AwsS3Bucket.Value", attribute(BUCKET)), to(f"{ON_BUCKET}.Resource", "*")
    ),
    "every bucket, without an output": both(gone("Outputs.AwsS3Bucket"), to(f"{ON_BUCKET}.Resource", "*")),
    "an existing bucket beside the stack's own": both(
        to("Outputs.AwsS3Bucket.Value", "example"),
        to(f"{ON_BUCKET}.Resource", EXISTING_ARN),
        to(f"{ON_OBJECTS}.Resource", f"{EXISTING_ARN}/*"),
    ),
}
TLS_ONLY = {
    "the bucket has no policy": gone(f"Resources.{BUCKET_POLICY}"),
    "the log bucket has no policy": gone(f"Resources.{LOGS_POLICY}"),
    "another bucket has no policy": copied(f"Resources.{BUCKET}", "Another"),
    "no TLS is allowed": gone(f"{DENIED}.0"),
    "old TLS is allowed": gone(f"{DENIED}.1"),
    "no TLS is allowed on the log bucket": gone(f"{statements(LOGS_POLICY)}.0"),
    "old TLS is allowed on the log bucket": gone(f"{statements(LOGS_POLICY)}.1"),
    "TLS 1.1 is allowed": to(f"{DENIED}.1.Condition.NumericLessThan.s3:TlsVersion", 1.1),
    "a version that S3 does not know": to(f"{DENIED}.1.Condition.NumericLessThan.s3:TlsVersion", 1.4),
    "new TLS is denied": more(DENIED, deny(NumericGreaterThan={"s3:TlsVersion": 1.2})),
    "no TLS is denied to one account": to(f"{DENIED}.0.Condition.StringEquals", {"aws:PrincipalAccount": ACCOUNT}),
    "old TLS is denied for few keys": to(f"{DENIED}.1.Condition.NumericLessThan.s3:max-keys", 1),
    "no TLS is denied nowhere": to(f"{DENIED}.0.Resource", "arn:aws:s3:::nowhere/*"),
    "no TLS is denied for some objects": to(f"{DENIED}.0.Resource.1.Fn::Join.1.1", "/none/*"),
    "old TLS is denied for some objects": to(f"{DENIED}.1.Resource.1.Fn::Join.1.1", "/none/*"),
    "something in the ARN of the objects": to(f"{DENIED}.0.Resource.1", joined(attribute(BUCKET), "/none", "/*")),
    "something behind the ARN of the objects": more(f"{DENIED}.0.Resource.1.Fn::Join.1", "none"),
    "something between the ARN's parts": to(f"{DENIED}.0.Resource.1.Fn::Join.0", "-"),
    "no ARN of the bucket": to(f"{DENIED}.0.Resource.0", attribute(BUCKET, "DomainName")),
    "no TLS is denied for the bucket only": gone(f"{DENIED}.0.Resource.1"),
    "old TLS is denied for the objects only": gone(f"{DENIED}.1.Resource.0"),
    "no TLS is denied to the user only": to(f"{DENIED}.0.Principal", {"AWS": attribute(USER)}),
    "no TLS is denied to all but nobody": renamed(f"{DENIED}.0.Principal", "NotPrincipal"),
    "no TLS is denied for reading": to(f"{DENIED}.0.Action", "s3:GetObject"),
    "no TLS is denied for nothing": renamed(f"{DENIED}.0.Action", "NotAction"),
    "no TLS is allowed to everybody": to(f"{DENIED}.0.Effect", "Allow"),
}
USER_IN_ITS_GROUP = {
    "a boundary of AWS's": to(f"{of(USER)}.PermissionsBoundary", ADMINISTRATOR),
    "a boundary of AWS's, joined": to(
        f"{of(USER)}.PermissionsBoundary", joined("arn:", PARTITION, ":iam::aws:policy/A")
    ),
    "the group as the boundary": to(f"{of(USER)}.PermissionsBoundary", ref(GROUP)),
    "the policy of a role as the boundary": both(
        added("AWS::IAM::ManagedPolicy", Roles=["somebody"]), to(f"{of(USER)}.PermissionsBoundary", ref("Extra"))
    ),
    "no boundary": gone(f"{of(USER)}.PermissionsBoundary"),
    "no group": gone(f"{of(USER)}.Groups"),
    "another group too": more(f"{of(USER)}.Groups", "admins"),
    "the group of others, with the policy": both(
        to(f"{of(USER)}.Groups", ["admins"]), to(f"{of(POLICY)}.Groups", ["admins"])
    ),
    "a policy without a group": gone(f"{of(POLICY)}.Groups"),
    "a second user": copied(f"Resources.{USER}", "Another"),
}
A_PARAMETER_AS_THE_BOUNDARY = {
    "a parameter as the boundary": to(f"{of(USER)}.PermissionsBoundary", ref("BootstrapVersion")),
}
BOUNDARY_ELSEWHERE = {
    "a boundary of another account": to(
        f"{of(USER)}.PermissionsBoundary", f"arn:aws:iam::{ANOTHER_ACCOUNT}:policy/users"
    )
}
VERSIONED = {
    "no word of versions": gone(f"{of(BUCKET)}.VersioningConfiguration"),
    "versioning is suspended": to(f"{of(BUCKET)}.VersioningConfiguration.Status", "Suspended"),
    "the log bucket has no versions": gone(f"{of(LOGS)}.VersioningConfiguration"),
}
WRITTEN_OUT = {
    "a condition": to("Conditions", {"Never": {"Fn::Equals": ["a", "b"]}}),
    "a mapping": to("Mappings", {"M": {"a": {"b": "c"}}}),
    "a transform": to("Transform", "AWS::Include"),
    "a hook": to("Hooks", {}),
    "a resource under a condition": to(f"Resources.{BUCKET_POLICY}.Condition", "Never"),
    "an effect by Fn::Sub": to(f"{ON_BUCKET}.Effect", {"Fn::Sub": "Allow"}),
    "a statement by Fn::If": more(DENIED, {"Fn::If": ["Never", EVERYBODY, EVERYBODY]}),
    "a value by Fn::FindInMap": to(f"{of(BUCKET)}.VersioningConfiguration.Status", {"Fn::FindInMap": ["M", "a", "b"]}),
    "a value by Fn::ImportValue": to(f"{of(USER)}.Groups", [{"Fn::ImportValue": "admins"}]),
    "no value": to(f"{of(BUCKET)}.WebsiteConfiguration", ref("AWS::NoValue")),
    "a reference to nothing": to(f"{of(USER)}.Groups", [ref("Other")]),
    "an attribute by a function": to(
        "Outputs.IamUserName.Value", {"Fn::GetAtt": [ACCESS_KEY, {"Fn::Sub": "SecretAccessKey"}]}
    ),
    "a function beside something else": to(f"{of(USER)}.Groups", {"Ref": GROUP, "Fn::If": ["Never", [], []]}),
    "resources by a loop": to("Resources.Fn::ForEach::Users", ["Name", ["a"], {}]),
    "a parameter": to("Parameters", {"Group": {"Type": "String", "Default": "admins"}}),
    "a macro for the template": to("Fn::Transform", MACRO),
    "a macro for the resources": to("Resources.Fn::Transform", MACRO),
    "a macro for a resource": to(f"Resources.{USER}.Fn::Transform", MACRO),
    "a macro for properties": to(f"{of(USER)}.Fn::Transform", MACRO),
    "a macro for a document": to(f"{of(POLICY)}.PolicyDocument.Fn::Transform", MACRO),
    "a macro for a statement": to(f"{ON_OBJECTS}.Fn::Transform", MACRO),
    "a macro for a condition": to(f"{DENIED}.0.Condition.Bool.aws:SecureTransport", {"Fn::Transform": MACRO}),
    "a macro in a text": more(f"{ON_OBJECTS}.Resource.Fn::Join.1", {"Fn::Transform": MACRO}),
    "a macro, deeply nested": to(f"{of(USER)}.Tags", nested(200, {"Fn::Transform": MACRO})),
    "a macro for the outputs": to("Outputs.Fn::Transform", MACRO),
    "a macro for an output": to("Outputs.IamUserName.Fn::Transform", MACRO),
    "a macro in the text of an output": more("Outputs.AwsServiceUrl.Value.Fn::Join.1", {"Fn::Transform": MACRO}),
}
WRITTEN_OUT_WITH_CDKS_PARAMETER = {
    "a parameter beside CDK's": to("Parameters.Group", {"Type": "String", "Default": "admins"}),
    "CDK's parameter of another type": to("Parameters.BootstrapVersion.Type", "String"),
    "CDK's parameter from elsewhere": to("Parameters.BootstrapVersion.Default", "/somebody-elses/parameter"),
    "CDK's parameter in use": to(f"{of(USER)}.Groups", [ref("BootstrapVersion")]),
}

BREAKS = (
    *cases("access_logged", ACCESS_LOGGED),
    *cases("acls_off", ACLS_OFF),
    *cases("current_packages_stay", CURRENT_PACKAGES_STAY),
    *cases("current_packages_stay", MOVED_OTHERWISE, TIERED),
    *cases("encrypted", NOT_ENCRYPTED),
    *cases("encrypted", ENCRYPTED_BADLY, ENCRYPTED),
    *cases("existing_bucket_untouched", EXISTING_BUCKET_UNTOUCHED),
    *cases("key_rotated", KEY_ROTATED, ENCRYPTED),
    *cases("no_cors_for_everyone", NO_CORS_FOR_EVERYONE),
    *cases("no_open_key_or_secret", NO_OPEN_KEY_OR_SECRET, ENCRYPTED),
    *cases("no_other_denial", NO_OTHER_DENIAL),
    *cases("no_other_denial", NO_OTHER_DENIAL_BY_ADDRESS, RESTRICTED),
    *cases(
        "no_other_denial",
        {f"{name}, by endpoint": e for name, e in NO_OTHER_DENIAL_BY_ENDPOINT.items()},
        THROUGH_ENDPOINTS,
    ),
    *cases("no_other_denial", {f"{name}, both ways": e for name, e in NO_OTHER_DENIAL_BY_ENDPOINT.items()}, BOTH_WAYS),
    *cases("no_other_grant_to_the_user", NO_OTHER_GRANT_TO_THE_USER),
    *cases("no_principal_but_services_in_a_bucket_policy", NO_PRINCIPAL),
    *cases("no_principal_but_services_in_a_bucket_policy", NO_PRINCIPAL_ELSEWHERE, SOMEWHERE),
    *cases("no_role_but_for_replication", NO_ROLE, REPLICATED),
    *cases("no_role_but_for_replication", NO_ROLE_WITHOUT_A_REPLICA),
    *cases("no_secret_in_an_output", NO_SECRET_IN_AN_OUTPUT),
    *cases("no_secret_in_clear", NO_SECRET_IN_CLEAR),
    *cases("no_secret_in_clear", NO_SECRET_IN_A_RULE, BOOTSTRAPPED),
    *cases("no_secret_in_clear", NO_SECRET_IN_CLEAR_AFTER_A_ROTATION, ROTATING),
    *cases("no_website", NO_WEBSITE),
    *cases("only_its_own_access_keys", ONLY_ITS_OWN_ACCESS_KEYS),
    *cases("only_its_own_access_keys", A_PARAMETER_GETS_THE_ACCESS_KEY, BOOTSTRAPPED),
    *cases("only_its_own_access_keys", ONLY_ITS_OWN_ACCESS_KEYS_IN_A_ROTATION, ROTATING),
    *cases("only_known_properties", ONLY_KNOWN_PROPERTIES),
    *cases("only_known_properties", ONLY_KNOWN_PROPERTIES_OF_A_KEY, ENCRYPTED),
    *cases("only_known_resources", ONLY_KNOWN_RESOURCES),
    *cases("outputs_of_this_stack", OUTPUTS_OF_THIS_STACK),
    *cases("outputs_of_this_stack", OUTPUTS_IN_A_ROTATION, ROTATING),
    *cases("public_access_blocked", PUBLIC_ACCESS_BLOCKED),
    *cases("replica_in_step", REPLICA_IN_STEP, REPLICATED),
    *cases("retained", RETAINED),
    *cases("retained", KEY_RETAINED, ENCRYPTED),
    *cases("seven_actions", SEVEN_ACTIONS),
    *cases("seven_actions", {f"{name}, of an existing bucket": e for name, e in EXISTING_BUCKET.items()}, EXISTING),
    *cases("tls_only", TLS_ONLY),
    *cases("user_in_its_group_with_its_boundary", USER_IN_ITS_GROUP),
    *cases("user_in_its_group_with_its_boundary", A_PARAMETER_AS_THE_BOUNDARY, BOOTSTRAPPED),
    *cases("user_in_its_group_with_its_boundary", BOUNDARY_ELSEWHERE, SOMEWHERE),
    *cases("versioned", VERSIONED),
    *cases("written_out", WRITTEN_OUT),
    *cases("written_out", WRITTEN_OUT_WITH_CDKS_PARAMETER, BOOTSTRAPPED),
)
