"""Every way to break a promise: one list, for the guardrails at synth and for `review`."""

import copy
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ghes_packages.config.instance import Instance
from ghes_packages.config.values import PreviousAccessKey
from tests.synthesis import INSTANCE, Json, template_of

BUCKET, BUCKET_POLICY = "PackagesBucket3210E67E", "PackagesBucketPolicyC2FF34FE"
LOGS, LOGS_POLICY = "PackagesAccessLogs000D49E7", "PackagesAccessLogsPolicyDF7C529F"
GROUP, POLICY, USER = "AccessGroup8B65D982", "AccessPolicy24F350C1", "AccessUser138A70BB"
ACCESS_KEY, NEWEST_ACCESS_KEY, SECRET = "AccessAccessKey1D123CC98", "AccessAccessKey265FD35D5", "AccessSecretD1770891"
KMS_KEY, ALIAS = "Key9BCD29C7", "KeyAlias910D852D"
READERS = "AccessSecretReadersD6B6E255"
ROLE, ROLE_POLICY = "PackagesBucketReplicationRole2C8B1845", "PackagesBucketReplicationPolicyA893289F"

ACCOUNT, ANOTHER_ACCOUNT = "111122223333", "444455556666"
HERE: Json = {"account": ACCOUNT, "region": "us-west-2"}
SOMEWHERE = Instance(name="production", **HERE)
RESTRICTED = Instance(name="production", **HERE, allowed_cidrs=("203.0.113.0/24",))
ROTATING = Instance(name="production", access_key=2, previous_access_key=PreviousAccessKey.ACTIVE)
REPLICATED = Instance(name="production", **HERE, encryption="kms", replica_region="us-east-1")
ENCRYPTED = Instance(
    name="production", **HERE, encryption="kms", secret_readers=(f"arn:aws:iam::{ACCOUNT}:role/setup",)
)
EXISTING_ARN = "arn:aws:s3:::example"
EXISTING = Instance(name="production", **HERE, existing_bucket="example")


class Template:
    """A copy of the template of an instance, to be broken, and shorthands for what is in it."""

    def __init__(self, instance: Instance = INSTANCE) -> None:
        self.whole = copy.deepcopy(template_of(instance))
        self.resources: Json = self.whole["Resources"]
        self.outputs: Json = self.whole["Outputs"]

    def properties(self, logical_id: str) -> Json:
        properties: Json = self.resources[logical_id]["Properties"]
        return properties

    def statements(self, logical_id: str, document: str = "PolicyDocument") -> list[Any]:
        statements: list[Any] = self.properties(logical_id)[document]["Statement"]
        return statements

    def add(self, kind: str, **properties: Any) -> None:
        self.resources[f"Extra{len(self.resources)}"] = {"Type": kind, "Properties": properties}

    @property
    def bucket(self) -> Json:
        return self.properties(BUCKET)

    @property
    def rule(self) -> Json:
        """The lifecycle rule of the packages bucket."""
        rule: Json = self.bucket["LifecycleConfiguration"]["Rules"][0]
        return rule

    @property
    def denied(self) -> list[Any]:
        """The policy of the packages bucket: it denies no TLS, and old TLS."""
        return self.statements(BUCKET_POLICY)

    @property
    def delivered(self) -> Any:
        """The statement that lets S3 write to the bucket with the access logs."""
        [granted] = [each for each in self.statements(LOGS_POLICY) if each["Effect"] == "Allow"]
        return granted

    @property
    def on_bucket(self) -> Any:
        return self.statements(POLICY)[0]

    @property
    def on_objects(self) -> Any:
        return self.statements(POLICY)[1]

    @property
    def user(self) -> Json:
        return self.properties(USER)

    @property
    def access_key(self) -> Json:
        return self.properties(ACCESS_KEY)

    @property
    def secret(self) -> Json:
        return self.properties(SECRET)

    @property
    def fields(self) -> list[Any]:
        """The parts of the JSON in the secret."""
        parts: list[Any] = self.secret["SecretString"]["Fn::Join"][1]
        return parts

    @property
    def key(self) -> Json:
        return self.properties(KMS_KEY)

    @property
    def on_the_key(self) -> list[Any]:
        """Its policy: the account, the account through Secrets Manager, the user, readers of the secret."""
        return self.statements(KMS_KEY, "KeyPolicy")

    @property
    def readers(self) -> Any:
        """The statement of the secret's policy."""
        return self.statements(READERS, "ResourcePolicy")[0]

    @property
    def role(self) -> Json:
        return self.properties(ROLE)

    @property
    def trust(self) -> Any:
        return self.statements(ROLE, "AssumeRolePolicyDocument")[0]

    @property
    def replicates(self) -> list[Any]:
        """The statements of the role's policy: the source, its objects, those of the replica, the two keys."""
        return self.statements(ROLE_POLICY)

    @property
    def replication(self) -> Json:
        rule: Json = self.bucket["ReplicationConfiguration"]["Rules"][0]
        return rule

    @property
    def destination(self) -> Json:
        destination: Json = self.replication["Destination"]
        return destination

    @property
    def replica(self) -> list[Any]:
        """The parts of the ARN of the bucket with the replica."""
        parts: list[Any] = self.destination["Bucket"]["Fn::Join"][1]
        return parts


Edit = Callable[[Template], object]


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
        template = Template(self.instance)
        self.edit(template)
        return template.whole


# --- What the edits are made of


def ref(logical_id: str) -> Json:
    return {"Ref": logical_id}


def attribute(logical_id: str, name: str = "Arn") -> Json:
    return {"Fn::GetAtt": [logical_id, name]}


def joined(*parts: Any) -> Json:
    return {"Fn::Join": ["", [*parts]]}


def nested(levels: int, value: Any) -> Any:
    return functools.reduce(lambda inner, _: {"a": inner}, range(levels), value)


def allow(principal: Any, **more: Any) -> Json:
    return {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*", **more}


def deny(**condition: Any) -> Json:
    return {**EVERYBODY, "Condition": condition}


def cors(origin: str) -> Json:
    return {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": [origin]}]}


EVERYBODY = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*"}
OF_THE_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
MACRO = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://example/more.json"}}}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
A_KEY_ELSEWHERE = f"arn:aws:kms:us-west-2:{ANOTHER_ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET_KEY = attribute(ACCESS_KEY, "SecretAccessKey")
PARTITION = ref("AWS::Partition")
# Every form in which CloudFormation would fill in the secret key, or another secret.
TOLD = {
    "the secret key": SECRET_KEY,
    "the secret key by the short form": {"Fn::GetAtt": "AccessAccessKey1D123CC98.SecretAccessKey"},
    "the secret key by Fn::Sub": {"Fn::Sub": "key=${AccessAccessKey1D123CC98.SecretAccessKey}"},
    "the secret key in base 64": {"Fn::Base64": joined("key=", SECRET_KEY)},
    "another secret": "{{resolve:secretsmanager:packages:SecretString:secret_access_key}}",
    "another secret, joined of pieces": joined("{{resolve", ":ssm-secure:key}}"),
    "another secret, joined of braces": joined("{", "{resol", "ve:ssm-secure:key}}"),
}


def told(where: str, put: Callable[[Template, Any], object]) -> dict[str, Edit]:
    return {
        f"{what} in {where}": functools.partial(lambda value, template: put(template, value), value)
        for what, value in TOLD.items()
    }


def with_a_central_log_bucket(template: Template) -> Template:
    template.bucket["LoggingConfiguration"] = {"DestinationBucketName": "central-log-bucket"}
    del template.resources[LOGS], template.resources[LOGS_POLICY]
    return template


def with_another_bucket(template: Template) -> Json:
    template.resources["Another"] = copy.deepcopy(template.resources[BUCKET])
    return template.properties("Another")


def bounded_by_the_policy_of_a_role(template: Template) -> None:
    template.resources["OfARole"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"Roles": ["somebody"]}}
    template.user["PermissionsBoundary"] = ref("OfARole")


def three_access_keys(template: Template) -> None:
    for _ in range(2):
        template.add("AWS::IAM::AccessKey", **template.access_key)


def granted_on(bucket: Any, objects: Any) -> Edit:
    def edit(template: Template) -> None:
        template.on_bucket["Resource"], template.on_objects["Resource"] = bucket, objects

    return edit


def lets_use_the_key(principal: Any, **more: Any) -> Edit:
    return lambda t: t.on_the_key.append({**t.on_the_key[0], "Principal": principal, **more})


def cases(rule: str, edits: Mapping[str, Edit], instance: Instance = INSTANCE) -> Iterator[Break]:
    return (Break(rule, name, edit, instance) for name, edit in edits.items())


BREAKS = (
    *cases(
        "access_logged",
        {
            "the bucket is not logged": lambda t: t.bucket.pop("LoggingConfiguration"),
            "the bucket logs to itself": lambda t: t.bucket.update(
                LoggingConfiguration={"DestinationBucketName": ref(BUCKET)}
            ),
            "another bucket is not logged": lambda t: with_another_bucket(t).pop("LoggingConfiguration"),
            "S3 may not deliver the logs": lambda t: t.statements(LOGS_POLICY).remove(t.delivered),
        },
    ),
    *cases(
        "acls_off",
        {
            "no word of ownership": lambda t: t.bucket.pop("OwnershipControls"),
            "the owner is preferred only": lambda t: t.bucket["OwnershipControls"]["Rules"][0].update(
                ObjectOwnership="BucketOwnerPreferred"
            ),
            "the bucket has an ACL": lambda t: t.bucket.update(AccessControl="PublicRead"),
        },
    ),
    *cases(
        "current_packages_stay",
        {
            "no lifecycle": lambda t: t.bucket.pop("LifecycleConfiguration"),
            "a lifecycle without rules": lambda t: t.bucket["LifecycleConfiguration"].update(Rules=[]),
            "a lifecycle that is off": lambda t: t.rule.update(Status="Disabled"),
            "rules that are no list": lambda t: t.bucket["LifecycleConfiguration"].update(
                Rules={"Fn::Split": [",", "a,b"]}
            ),
            "packages expire": lambda t: t.rule.update(ExpirationInDays=365),
            "packages expire on a day": lambda t: t.rule.update(ExpirationDate="2030-01-01T00:00:00Z"),
            "packages expire by a second rule": lambda t: t.bucket["LifecycleConfiguration"]["Rules"].append(
                {"Status": "Enabled", "ExpirationInDays": 1}
            ),
            "packages move": lambda t: t.rule.update(Transitions=[{"StorageClass": "GLACIER", "TransitionInDays": 30}]),
            "packages move once": lambda t: t.rule.update(
                Transition={"StorageClass": "GLACIER", "TransitionInDays": 30}
            ),
            "packages are archived": lambda t: t.bucket.update(
                IntelligentTieringConfigurations=[{"Id": "a", "Status": "Enabled", "Tierings": []}]
            ),
            "with a central log bucket packages expire": lambda t: with_a_central_log_bucket(t).rule.update(
                ExpirationInDays=365
            ),
            "with a central log bucket packages expire on a day": lambda t: with_a_central_log_bucket(t).rule.update(
                ExpirationDate="2030-01-01T00:00:00Z"
            ),
            "uploads have one day": lambda t: t.rule["AbortIncompleteMultipartUpload"].update(DaysAfterInitiation=1),
        },
    ),
    *cases(
        "encrypted",
        {
            "no encryption": lambda t: t.bucket.pop("BucketEncryption"),
            "no rule of encryption": lambda t: t.bucket.update(
                BucketEncryption={"ServerSideEncryptionConfiguration": []}
            ),
            "the key is off": lambda t: t.add("AWS::KMS::Key", Enabled=False),
            "the key is off in words": lambda t: t.add("AWS::KMS::Key", Enabled="false"),
        },
    ),
    *cases(
        "encrypted",
        {
            "the bucket uses a key of another account": lambda t: t.bucket["BucketEncryption"][
                "ServerSideEncryptionConfiguration"
            ][0]["ServerSideEncryptionByDefault"].update(KMSMasterKeyID=A_KEY_ELSEWHERE),
            "the bucket uses an alias that the stack does not have": lambda t: t.resources.pop(ALIAS),
            "the secret uses a key of another account": lambda t: t.secret.update(KmsKeyId=A_KEY_ELSEWHERE),
            "the alias is of another key": lambda t: t.properties(ALIAS).update(TargetKeyId=A_KEY_ELSEWHERE),
            "S3 cannot deliver logs to the log bucket": lambda t: t.properties(LOGS).update(
                BucketEncryption=t.bucket["BucketEncryption"]
            ),
        },
        ENCRYPTED,
    ),
    *cases(
        "existing_bucket_untouched",
        {
            "a policy for a bucket by its name": lambda t: t.properties(BUCKET_POLICY).update(Bucket="example"),
            "a policy for what is no bucket": lambda t: t.properties(BUCKET_POLICY).update(Bucket=ref(USER)),
        },
    ),
    *cases(
        "key_rotated",
        {
            "the key is not rotated": lambda t: t.key.update(EnableKeyRotation=False),
            "no word of rotation": lambda t: t.key.pop("EnableKeyRotation"),
        },
        ENCRYPTED,
    ),
    *cases(
        "no_cors_for_everyone",
        {
            "every origin": lambda t: t.bucket.update(CorsConfiguration=cors("*")),
            "every host of a domain": lambda t: t.bucket.update(CorsConfiguration=cors("https://*.example.com")),
        },
    ),
    *cases(
        "no_open_key_or_secret",
        {
            "the secret takes public policies": lambda t: t.properties(READERS).update(BlockPublicPolicy=False),
            "readers of another secret": lambda t: t.properties(READERS).update(SecretId="somebody-elses"),
            "everybody reads the secret": lambda t: t.readers.update(Principal={"AWS": "*"}),
            "another account reads the secret": lambda t: t.readers.update(
                Principal={"AWS": [f"arn:aws:iam::{ANOTHER_ACCOUNT}:root"]}
            ),
            "every role of an account reads the secret": lambda t: t.readers.update(
                Principal={"AWS": f"arn:aws:iam::{ANOTHER_ACCOUNT}:role/*"}
            ),
            "a role by Fn::Sub reads the secret, and uses no key": lambda t: t.readers.update(
                Principal={"AWS": {"Fn::Sub": f"arn:aws:iam::{ANOTHER_ACCOUNT}:role/*"}}
            ),
            "a service reads the secret": lambda t: t.readers["Principal"].update(Service="lambda.amazonaws.com"),
            "readers do anything with the secret": lambda t: t.readers.update(Action="secretsmanager:*"),
            "readers are denied": lambda t: t.readers.update(Effect="Deny"),
            "all but the readers read the secret": lambda t: t.readers.update(NotPrincipal=t.readers.pop("Principal")),
            "everybody uses the key": lambda t: t.on_the_key[0].update(Principal="*"),
            "everybody of AWS uses the key": lambda t: t.on_the_key[0].update(Principal={"AWS": "*"}),
            "everybody in a list uses the key": lambda t: t.on_the_key[0].update(Principal={"AWS": ["*"]}),
            "everybody uses the key in every way": lambda t: [e.update(Principal={"AWS": "*"}) for e in t.on_the_key],
            "all but the account use the key": lambda t: t.on_the_key[0].update(
                NotPrincipal=t.on_the_key[0].pop("Principal")
            ),
            "the account is denied the key": lambda t: t.on_the_key[0].update(Effect="Deny"),
            "the account administers nothing": lambda t: t.on_the_key.pop(0),
            "nobody administers the key": lambda t: t.key["KeyPolicy"].update(Statement=[]),
            "AWS does not look at the policy of the key": lambda t: t.key.update(BypassPolicyLockoutSafetyCheck=True),
            "the user uses the key by itself": lambda t: t.on_the_key[2].pop("Condition"),
            "the user uses the key for another bucket": lambda t: t.on_the_key[2]["Condition"]["StringLike"].update(
                {"kms:EncryptionContext:aws:s3:arn": "*"}
            ),
            "the user uses the key in every way": lambda t: t.on_the_key[2].update(Action="kms:*"),
            "a reader uses the key by itself": lambda t: t.on_the_key[3].pop("Condition"),
            "a reader encrypts": lambda t: t.on_the_key[3].update(Action=["kms:Decrypt", "kms:Encrypt"]),
            **{
                f"the key is open to {who}": lets_use_the_key(principal)
                for who, principal in {
                    "everybody by Fn::Sub": {"AWS": {"Fn::Sub": "*"}},
                    "everybody by Fn::Join": {"AWS": joined("*")},
                    "another account": {"AWS": f"arn:aws:iam::{ANOTHER_ACCOUNT}:root"},
                    "another account by its number": {"AWS": ANOTHER_ACCOUNT},
                    "another account beside its own": {
                        "AWS": [f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ANOTHER_ACCOUNT}:root"]
                    },
                    "a role of another account": {"AWS": f"arn:aws:iam::{ANOTHER_ACCOUNT}:role/other"},
                    "a role in every way": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/setup"},
                    "the user in every way": {"AWS": attribute(USER)},
                    "something unknown": {"AWS": attribute("Other")},
                    "a service": {"Service": "lambda.amazonaws.com"},
                    "a service beside its account": {
                        "AWS": f"arn:aws:iam::{ACCOUNT}:root",
                        "Service": "lambda.amazonaws.com",
                    },
                }.items()
            },
            "a role that reads no secret decrypts": lambda t: t.on_the_key.append(
                {**t.on_the_key[3], "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}}
            ),
        },
        ENCRYPTED,
    ),
    *cases(
        "no_other_denial",
        {
            "everything to everybody": lambda t: t.denied.append(EVERYBODY),
            "everything to all but one role": lambda t: t.denied.append(
                deny(StringNotEquals={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/one"})
            ),
            "everything from elsewhere": lambda t: t.denied.append(
                deny(NotIpAddress={"aws:SourceIp": ["203.0.113.0/24"]})
            ),
            "reading from elsewhere, in other letters": lambda t: t.denied.append(
                {**deny(NotIpAddress={"AWS:SourceIP": "203.0.113.0/24"}), "Action": "s3:Get*"}
            ),
            "everything from outside of a VPC's addresses": lambda t: t.denied.append(
                {**deny(NotIpAddress={"aws:VpcSourceIp": "10.0.0.0/8"}), "Action": "*"}
            ),
            "everything from outside of a VPC": lambda t: t.denied.append(
                deny(StringNotEquals={"aws:SourceVpc": "vpc-1"})
            ),
            "everything but through an endpoint": lambda t: t.denied.append(
                {**deny(StringNotEquals={"aws:SourceVpce": "vpce-1"}), "Action": ["s3:*"]}
            ),
            "from elsewhere, behind another denial": lambda t: t.denied.extend(
                [EVERYBODY, deny(NotIpAddress={"aws:SourceIp": "203.0.113.0/24"})]
            ),
            "another algorithm": lambda t: t.denied.append(
                deny(StringNotEquals={"s3:x-amz-server-side-encryption": "AES256"})
            ),
            "no encryption header, behind another denial": lambda t: t.denied.extend(
                [EVERYBODY, deny(Null={"s3:x-amz-server-side-encryption": "true"})]
            ),
            "no header with a key": lambda t: t.denied.append(
                deny(Null={"s3:x-amz-server-side-encryption-aws-kms-key-id": "true"})
            ),
            "old signatures": lambda t: t.denied.append(deny(Bool={"s3:signatureAge": "1"})),
            "no TLS, to one account": lambda t: t.denied[0]["Condition"].update(
                StringEquals={"aws:PrincipalAccount": ACCOUNT}
            ),
            "old TLS, with few keys": lambda t: t.denied[1]["Condition"]["NumericLessThan"].update({"s3:max-keys": 1}),
            "a statement that cannot be read": lambda t: t.denied.append("deny"),
            "everything to the user": lambda t: t.statements(POLICY).append(
                {"Effect": "Deny", "Action": "*", "Resource": "*"}
            ),
            "listing from elsewhere, to the user": lambda t: t.statements(POLICY).append(
                {
                    "Effect": "Deny",
                    "Action": "s3:ListBucket",
                    "Resource": "*",
                    "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
                }
            ),
        },
    ),
    *cases(
        "no_other_denial",
        {
            "objects to services that act for the user": lambda t: t.statements(POLICY)[2]["Condition"].pop("Bool"),
            "objects from allowed addresses": lambda t: t.statements(POLICY)[2]["Condition"].update(
                IpAddress=t.statements(POLICY)[2]["Condition"].pop("NotIpAddress")
            ),
            "the bucket from elsewhere": lambda t: t.statements(POLICY)[2].update(Resource=attribute(BUCKET)),
        },
        RESTRICTED,
    ),
    *cases(
        "no_other_grant_to_the_user",
        {
            "the user has an inline policy": lambda t: t.user.update(
                Policies=[{"PolicyName": "more", "PolicyDocument": {"Statement": []}}]
            ),
            "the user has a managed policy": lambda t: t.user.update(ManagedPolicyArns=[ADMINISTRATOR]),
            "the group has a managed policy": lambda t: t.resources[GROUP].update(
                Properties={"ManagedPolicyArns": [ADMINISTRATOR]}
            ),
            "the user has a console password": lambda t: t.user.update(
                LoginProfile={"Password": "{{resolve:ssm-secure:password}}"}
            ),
            "the policy is attached to the user": lambda t: t.properties(POLICY).update(Users=[ref(USER)]),
            "the policy is attached to a role": lambda t: t.properties(POLICY).update(Roles=["somebody"]),
            "the policy of a role is attached to the user": lambda t: t.add(
                "AWS::IAM::ManagedPolicy", Roles=["somebody"], Users=[ref(USER)]
            ),
            "an inline policy for the user": lambda t: t.add("AWS::IAM::Policy", Users=[ref(USER)], PolicyName="more"),
            "an inline policy for the group": lambda t: t.add(
                "AWS::IAM::Policy", Groups=[ref(GROUP)], PolicyName="more"
            ),
            "a policy of the user's own": lambda t: t.add(
                "AWS::IAM::UserPolicy", UserName=ref(USER), PolicyName="more"
            ),
            "a policy of the group's own": lambda t: t.add(
                "AWS::IAM::GroupPolicy", GroupName=ref(GROUP), PolicyName="more"
            ),
            "the user joins another group": lambda t: t.add(
                "AWS::IAM::UserToGroupAddition", GroupName="admins", Users=[ref(USER)]
            ),
        },
    ),
    *cases(
        "no_principal_but_services_in_a_bucket_policy",
        {
            "CloudFront reads": lambda t: t.denied.append(
                allow({"Service": "cloudfront.amazonaws.com"}, Condition=OF_THE_ACCOUNT)
            ),
            "the log service reads": lambda t: t.denied.append(
                allow({"Service": "logging.s3.amazonaws.com"}, Condition=OF_THE_ACCOUNT)
            ),
            "any service writes": lambda t: t.denied.append(
                allow({"Service": "*"}, Action="s3:PutObject", Condition=OF_THE_ACCOUNT)
            ),
            "log delivery without conditions": lambda t: t.delivered.pop("Condition"),
            "log delivery of any bucket": lambda t: t.delivered.update(Condition=OF_THE_ACCOUNT),
            "log delivery of any account": lambda t: t.delivered["Condition"]["StringEquals"].update(
                {"aws:SourceAccount": "*"}
            ),
            "log delivery of two accounts": lambda t: t.delivered["Condition"]["StringEquals"].update(
                {"aws:SourceAccount": [ACCOUNT, ANOTHER_ACCOUNT]}
            ),
            "log delivery of somebody else's bucket": lambda t: t.delivered["Condition"]["ArnLike"].update(
                {"aws:SourceArn": "arn:aws:s3:::somebody-elses"}
            ),
            "log delivery to the packages bucket": lambda t: t.denied.append(t.delivered),
            "everybody reads": lambda t: t.denied.append(allow("*")),
            "the user reads by its ARN": lambda t: t.denied.append(allow({"AWS": attribute(USER)})),
            "who signs in elsewhere reads": lambda t: t.denied.append(allow({"Federated": "accounts.example.com"})),
            "a canonical user reads": lambda t: t.denied.append(allow({"CanonicalUser": "0123"})),
            "another log service reads": lambda t: t.denied.append(allow({"Service": "delivery.logs.amazonaws.com"})),
            "all but nobody do anything": lambda t: t.denied.append(
                {"Effect": "Allow", "NotPrincipal": {"AWS": "*"}, "Action": "*", "Resource": "*"}
            ),
        },
    ),
    *cases(
        "no_principal_but_services_in_a_bucket_policy",
        {
            "log delivery of another account": lambda t: t.delivered["Condition"]["StringEquals"].update(
                {"aws:SourceAccount": ANOTHER_ACCOUNT}
            ),
        },
        SOMEWHERE,
    ),
    *cases(
        "no_role_but_for_replication",
        {
            "everybody assumes the role": lambda t: t.trust.update(Principal={"AWS": "*"}),
            "EC2 assumes the role": lambda t: t.trust.update(Principal={"Service": "ec2.amazonaws.com"}),
            "the account assumes the role too": lambda t: t.trust["Principal"].update(AWS=ACCOUNT),
            "who signs in elsewhere assumes the role too": lambda t: t.trust["Principal"].update(
                Federated="accounts.example.com"
            ),
            "the role is assumed with a web identity": lambda t: t.trust.update(Action="sts:AssumeRoleWithWebIdentity"),
            "a role that replicates nothing": lambda t: t.add("AWS::IAM::Role", **t.role),
            "the role has a boundary of another account": lambda t: t.role.update(
                PermissionsBoundary=f"arn:aws:iam::{ANOTHER_ACCOUNT}:policy/roles"
            ),
            "the role has an inline policy": lambda t: t.role.update(
                Policies=[{"PolicyName": "more", "PolicyDocument": {"Statement": []}}]
            ),
            "the role has a managed policy": lambda t: t.role.update(ManagedPolicyArns=[ADMINISTRATOR]),
            "the policy is for somebody else's role too": lambda t: t.properties(ROLE_POLICY)["Roles"].append("other"),
            "the owner of the replica changes": lambda t: t.replicates[2]["Action"].append(
                "s3:ObjectOwnerOverrideToBucketOwner"
            ),
            "every action": lambda t: t.replicates[0].update(Action="s3:*"),
            "all actions but some": lambda t: t.replicates[0].update(NotAction=t.replicates[0].pop("Action")),
            "replicas everywhere": lambda t: t.replicates[2].update(Resource="*"),
            "replicas everywhere, in a list": lambda t: t.replicates[2].update(Resource=["*"]),
            "replicas in every bucket": lambda t: t.replicates[2].update(Resource="arn:aws:s3:::*"),
            "replicas in every bucket too": lambda t: t.replicates[2].update(
                Resource=[t.replicates[2]["Resource"], "arn:aws:s3:::*"]
            ),
            "replicas in every bucket, joined": lambda t: t.replicates[2].update(Resource=joined("arn:aws:s3:::", "*")),
            "replicas everywhere but here": lambda t: t.replicates[2].update(
                NotResource=t.replicates[2].pop("Resource")
            ),
            "replicas everywhere but there": lambda t: t.replicates[2].update(NotResource="arn:aws:s3:::example"),
            "more at the end of the ARN": lambda t: t.replicates[2]["Resource"]["Fn::Join"][1].append("*"),
            "an ARN of anything": lambda t: t.replicates[2]["Resource"]["Fn::Join"][1].__setitem__(0, "*"),
            "an ARN without a slash": lambda t: t.replicates[2]["Resource"]["Fn::Join"][1].__setitem__(2, "*"),
            "an ARN with something between": lambda t: t.replicates[1]["Resource"]["Fn::Join"].__setitem__(0, "*"),
            "the key by itself": lambda t: t.replicates[3].pop("Condition"),
            "the key in every way": lambda t: t.replicates[3].update(Action="kms:*"),
        },
        REPLICATED,
    ),
    *cases(
        "no_role_but_for_replication",
        {
            "a role in a stack without a replica": lambda t: t.add(
                "AWS::IAM::Role",
                AssumeRolePolicyDocument={
                    "Statement": [
                        {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
                    ]
                },
            ),
        },
    ),
    *cases(
        "no_secret_in_an_output",
        {
            "the secret key in pieces": lambda t: t.outputs.update(
                Key={"Value": {"Fn::Select": [0, {"Fn::Split": ["/", SECRET_KEY]}]}}
            ),
            "the secret key, joined twice": lambda t: t.outputs.update(Key={"Value": joined(joined(SECRET_KEY))}),
            "a secret by a name that is joined": lambda t: t.outputs.update(
                Key={"Value": joined("{{resolve:secretsmanager:", ref(BUCKET))}
            ),
            "an attribute that may be secret": lambda t: t.outputs.update(
                Key={"Value": attribute(BUCKET, "DomainName")}
            ),
            "an output for other stacks": lambda t: t.outputs.update(Key={"Value": "x", "Export": {"Name": "key"}}),
            **told("an output", lambda t, value: t.outputs.update(Key={"Value": value})),
            **told("a description", lambda t, value: t.outputs["IamUserName"].update(Description=value)),
        },
    ),
    *cases(
        "no_secret_in_clear",
        {
            "no secret": lambda t: t.resources.pop(SECRET),
            "a second secret": lambda t: t.add("AWS::SecretsManager::Secret", **t.secret),
            "a second secret in clear": lambda t: t.add("AWS::SecretsManager::Secret", SecretString="clear"),
            "nothing in the secret": lambda t: t.secret.pop("SecretString"),
            "a secret in clear": lambda t: t.secret.update(SecretString="in clear"),
            "the secret key as the ID": lambda t: t.fields.__setitem__(1, SECRET_KEY),
            "the secret key in clear": lambda t: t.fields.__setitem__(3, "clear"),
            "a secret key in clear before it": lambda t: t.fields.__setitem__(2, '","secret_access_key": "clear'),
            "a secret key in clear behind it": lambda t: t.fields.__setitem__(-1, '","secret_access_key":"clear"}'),
            "the secret key with more": lambda t: t.secret.update(
                SecretString=joined('{"secret_access_key":"clear', SECRET_KEY, '"}')
            ),
            "another bucket than in the outputs": lambda t: t.fields.__setitem__(5, "somebody-elses"),
            "another service than in the outputs": lambda t: t.fields.__setitem__(6, '","service_url":"https://s4.'),
            "the secret key in another resource": lambda t: t.add(
                "AWS::SSM::Parameter", Type="String", Value=SECRET_KEY
            ),
            "the secret key in a text of another resource": lambda t: t.add(
                "AWS::SSM::Parameter", Type="String", Value=joined("key=", SECRET_KEY)
            ),
            "the secret key in a description": lambda t: t.secret.update(Description=joined("key ", SECRET_KEY)),
            "the secret key in metadata": lambda t: t.resources[USER].update(Metadata={"key": SECRET_KEY}),
            "the secret key, deeply nested": lambda t: t.resources[USER].update(Metadata=nested(200, SECRET_KEY)),
            **told("a tag of the user", lambda t, value: t.user.update(Tags=[{"Key": "key", "Value": value}])),
            **told("a tag of the secret", lambda t, value: t.secret.update(Tags=[{"Key": "key", "Value": value}])),
            **told("metadata of the user", lambda t, value: t.resources[USER].update(Metadata={"a": [value]})),
            **told("metadata of the secret", lambda t, value: t.resources[SECRET].update(Metadata={"a": [value]})),
            **told("metadata of the template", lambda t, value: t.whole.update(Metadata={"key": value})),
            **told("a rule of the template", lambda t, value: t.whole.update(Rules={"Key": value})),
            **told("the ID of a statement", lambda t, value: t.on_bucket.update(Sid=value)),
            **told("the ID of a lifecycle rule", lambda t, value: t.rule.update(Id=value)),
            **told("the name of the secret", lambda t, value: t.secret.update(Name=value)),
            **told("the path of the user", lambda t, value: t.user.update(Path=value)),
        },
    ),
    *cases(
        "no_secret_in_clear",
        {
            "the access key before": lambda t: t.fields.__setitem__(slice(1, 4, 2), [ref(ACCESS_KEY), SECRET_KEY]),
        },
        ROTATING,
    ),
    *cases(
        "no_website",
        {"a website": lambda t: t.bucket.update(WebsiteConfiguration={"IndexDocument": "index.html"})},
    ),
    *cases(
        "only_its_own_access_keys",
        {
            "no access key": lambda t: t.resources.pop(ACCESS_KEY),
            "somebody else gets one": lambda t: t.add("AWS::IAM::AccessKey", UserName="somebody", Status="Active"),
            "somebody else gets it, and no user is put out": lambda t: (
                t.access_key.update(UserName="somebody"),
                t.outputs.pop("IamUserName"),
            ),
            "a parameter gets it": lambda t: [
                each.update(ref("BootstrapVersion")) or each.pop("Fn::GetAtt", None)
                for each in (t.access_key["UserName"], t.outputs["IamUserName"]["Value"])
            ],
            "it is of no generation": lambda t: t.add("AWS::IAM::AccessKey", **t.access_key),
            "its generation is there already": lambda t: t.resources.update(
                {"AccessAccessKey100000000": t.resources[ACCESS_KEY]}
            ),
            "none is active": lambda t: t.access_key.update(Status="Inactive"),
            "it has a serial": lambda t: t.access_key.update(Serial=2),
            "it says no status": lambda t: t.access_key.pop("Status"),
            "there are three": three_access_keys,
        },
    ),
    *cases(
        "only_its_own_access_keys",
        {"only the one before is active": lambda t: t.properties(NEWEST_ACCESS_KEY).update(Status="Inactive")},
        ROTATING,
    ),
    *cases(
        "only_known_properties",
        {
            "an inventory": lambda t: t.bucket.update(InventoryConfigurations=[{"Id": "all"}]),
            "notifications": lambda t: t.bucket.update(NotificationConfiguration={"EventBridgeConfiguration": {}}),
            "transfer acceleration": lambda t: t.bucket.update(
                AccelerateConfiguration={"AccelerationStatus": "Enabled"}
            ),
            "a path of the user": lambda t: t.user.update(Path="/admins/"),
            "a secret in another region": lambda t: t.secret.update(ReplicaRegions=[{"Region": "us-east-1"}]),
            "a secret of AWS's making": lambda t: t.secret.update(GenerateSecretString={}),
        },
    ),
    *cases(
        "only_known_properties",
        {
            "a key for other regions": lambda t: t.key.update(MultiRegion=True),
            "a key of somebody else's making": lambda t: t.key.update(Origin="EXTERNAL"),
        },
        ENCRYPTED,
    ),
    *cases(
        "only_known_resources",
        {
            "an access point": lambda t: t.add("AWS::S3::AccessPoint", Bucket=ref(BUCKET)),
            "a nested stack": lambda t: t.add(
                "AWS::CloudFormation::Stack", TemplateURL="https://example.com/template.json"
            ),
            "a parameter": lambda t: t.add("AWS::SSM::Parameter", Type="String", Value="x"),
            "a policy of a role": lambda t: t.add("AWS::IAM::RolePolicy", RoleName="somebody", PolicyName="more"),
            "no type": lambda t: t.resources.update(Extra={}),
        },
    ),
    *cases(
        "outputs_of_this_stack",
        {
            "the service is elsewhere": lambda t: t.outputs["AwsServiceUrl"].update(Value="https://s3.example.com"),
            "the service is in another region": lambda t: t.outputs["AwsServiceUrl"]["Value"]["Fn::Join"][
                1
            ].__setitem__(1, "eu-west-1"),
            "the region is another one": lambda t: t.outputs["AwsS3Region"].update(Value="eu-west-1"),
            "the bucket is somebody else's": lambda t: t.outputs["AwsS3Bucket"].update(Value="somebody-elses"),
            "no bucket": lambda t: t.outputs.pop("AwsS3Bucket"),
            "an ARN for the bucket": lambda t: t.outputs["AwsS3Bucket"].update(Value=attribute(BUCKET)),
            "an access key that is not the stack's": lambda t: t.outputs["AwsS3AccessKey"].update(Value="AKIA0"),
            "an access key before that is not the stack's": lambda t: t.outputs.update(
                PreviousAwsS3AccessKey={"Value": "AKIA0"}
            ),
            "another secret": lambda t: t.outputs["AwsS3SecretKeyReference"].update(Value="somebody-elses"),
            "another user": lambda t: t.outputs["IamUserName"].update(Value=ref(GROUP)),
        },
    ),
    *cases(
        "outputs_of_this_stack",
        {
            "the access key before": lambda t: t.outputs["AwsS3AccessKey"].update(Value=ref(ACCESS_KEY)),
            "the newest access key as the one before": lambda t: t.outputs["PreviousAwsS3AccessKey"].update(
                t.outputs["AwsS3AccessKey"]
            ),
        },
        ROTATING,
    ),
    *cases(
        "public_access_blocked",
        {
            "no block": lambda t: t.bucket.pop("PublicAccessBlockConfiguration"),
            "no word of public ACLs": lambda t: t.bucket["PublicAccessBlockConfiguration"].pop("BlockPublicAcls"),
            "public policies": lambda t: t.bucket["PublicAccessBlockConfiguration"].update(BlockPublicPolicy=False),
            "public ACLs count": lambda t: t.bucket["PublicAccessBlockConfiguration"].update(IgnorePublicAcls=False),
            "a public bucket serves": lambda t: t.bucket["PublicAccessBlockConfiguration"].update(
                RestrictPublicBuckets=False
            ),
        },
    ),
    *cases(
        "replica_in_step",
        {
            "the access logs are not replicated": lambda t: t.properties(LOGS).pop("ReplicationConfiguration"),
            "the packages are not replicated": lambda t: t.bucket.pop("ReplicationConfiguration"),
            "two rules": lambda t: t.bucket["ReplicationConfiguration"]["Rules"].append(t.replication),
            "the rule is off": lambda t: t.replication.update(Status="Disabled"),
            "one prefix only": lambda t: t.replication.update(Filter={"Prefix": "npm/"}),
            "one tag only": lambda t: t.replication.update(
                Filter={"Prefix": "", "TagFilter": {"Key": "a", "Value": "b"}}
            ),
            "some tags only": lambda t: t.replication.update(
                Filter={"And": {"Prefix": "", "TagFilters": [{"Key": "a", "Value": "b"}]}}
            ),
            "no word of delete markers": lambda t: t.replication.pop("DeleteMarkerReplication"),
            "no delete markers": lambda t: t.replication["DeleteMarkerReplication"].update(Status="Disabled"),
            "no metrics": lambda t: t.destination.pop("Metrics"),
            "an archive": lambda t: t.destination.update(StorageClass="GLACIER"),
            "somebody else's bucket": lambda t: t.destination.update(Bucket="arn:aws:s3:::somebody-elses"),
            "a bucket of the same stack": lambda t: t.destination.update(Bucket=attribute(LOGS)),
            "somebody else's bucket, by its beginning": lambda t: t.replica.__setitem__(
                0, "arn:aws:s3:::somebody-elses-"
            ),
            "somebody else's bucket, by its name": lambda t: t.replica.__setitem__(1, "somebody-elses"),
            "somebody else's bucket, by its end": lambda t: t.replica.append("-of-somebody-else"),
            "somebody else's stack": lambda t: t.replica[1]["Fn::GetStackOutput"].update(StackName="somebody-elses"),
            "another output": lambda t: t.replica[1]["Fn::GetStackOutput"].update(OutputName="SomebodyElses"),
            "the bucket of the access logs": lambda t: t.replica[1]["Fn::GetStackOutput"].update(
                OutputName="ReplicaAccessLogsS3Bucket"
            ),
            "a stack that another role reads": lambda t: t.replica[1]["Fn::GetStackOutput"].update(
                RoleArn=f"arn:aws:iam::{ANOTHER_ACCOUNT}:role/one"
            ),
            "another account": lambda t: t.destination.update(Account=ANOTHER_ACCOUNT),
            "another owner": lambda t: t.destination.update(AccessControlTranslation={"Owner": "Destination"}),
            "nothing that is encrypted": lambda t: t.replication.pop("SourceSelectionCriteria"),
            "no key of the replica": lambda t: t.destination.pop("EncryptionConfiguration"),
            "another key of the replica": lambda t: t.destination["EncryptionConfiguration"].update(
                ReplicaKmsKeyID="alias/other"
            ),
        },
        REPLICATED,
    ),
    *cases(
        "retained",
        {
            "the bucket goes with the stack": lambda t: t.resources[BUCKET].update(DeletionPolicy="Delete"),
            "no word of deletion": lambda t: t.resources[BUCKET].pop("DeletionPolicy"),
            "the bucket goes when it is replaced": lambda t: t.resources[BUCKET].update(UpdateReplacePolicy="Delete"),
            "a value that replacement does not know": lambda t: t.resources[BUCKET].update(
                UpdateReplacePolicy="RetainExceptOnCreate"
            ),
            "the policy goes with the stack": lambda t: t.resources[BUCKET_POLICY].update(DeletionPolicy="Delete"),
            "a key that goes with the stack": lambda t: t.add("AWS::KMS::Key", KeyPolicy={}),
        },
    ),
    *cases(
        "retained",
        {
            "the alias of the key goes with the stack": lambda t: t.resources[ALIAS].pop("DeletionPolicy"),
            "a deletion of the key is final in a week": lambda t: t.key.update(PendingWindowInDays=7),
        },
        ENCRYPTED,
    ),
    *cases(
        "seven_actions",
        {
            "no policy": lambda t: t.resources.pop(POLICY),
            "two policies": lambda t: t.add("AWS::IAM::ManagedPolicy", **t.properties(POLICY)),
            "two of the seven": lambda t: t.statements(POLICY).pop(),
            "six of the seven": lambda t: t.on_objects["Action"].remove("s3:PutObject"),
            "no listing of uploads": lambda t: t.on_bucket.update(Action="s3:ListBucket"),
            "an eighth action": lambda t: t.on_objects["Action"].append("s3:GetObjectAcl"),
            "every action on objects": lambda t: t.on_objects.update(Action="s3:*"),
            "all actions but some": lambda t: t.on_bucket.update(NotAction=t.on_bucket.pop("Action")),
            "an action for objects on the bucket": lambda t: t.on_bucket["Action"].append("s3:GetObject"),
            "under a condition": lambda t: t.on_bucket.update(Condition={"Bool": {"aws:SecureTransport": "true"}}),
            "all denied": lambda t: (t.on_bucket.update(Effect="Deny"), t.on_objects.update(Effect="Deny")),
            "somebody else's bucket": lambda t: t.on_bucket.update(Resource="arn:aws:s3:::somebody-elses"),
            "somebody else's objects": lambda t: t.on_objects.update(Resource="arn:aws:s3:::somebody-elses/*"),
            "no ARN of the bucket": lambda t: t.on_bucket.update(Resource=attribute(BUCKET, "DomainName")),
            "more at the end of the ARN": lambda t: t.on_objects["Resource"]["Fn::Join"][1].append("*"),
            "every bucket": lambda t: t.on_bucket.update(Resource="*"),
            "all objects": lambda t: t.on_objects.update(Resource="*"),
            "objects instead of the bucket": lambda t: t.on_bucket.update(Resource=t.on_objects["Resource"]),
            "the bucket beside its objects": lambda t: t.on_objects.update(
                Resource=[t.on_objects["Resource"], t.on_bucket["Resource"]]
            ),
            "the bucket of the access logs": lambda t: t.on_bucket.update(Resource=attribute(LOGS)),
            "objects below a prefix": lambda t: t.on_objects["Resource"]["Fn::Join"][1].__setitem__(1, "/npm/*"),
            "buckets that begin alike": lambda t: t.on_bucket.update(Resource="arn:aws:s3:::example-*"),
            "objects of every bucket": lambda t: t.on_objects.update(Resource="arn:aws:s3:::*/*"),
            "objects below a prefix of a bucket by its name": lambda t: t.on_objects.update(
                Resource="arn:aws:s3:::example/npm/*"
            ),
            "every bucket, the output joined": lambda t: (
                t.outputs["AwsS3Bucket"].update(Value=joined(ref(BUCKET), "")),
                t.on_bucket.update(Resource="*"),
            ),
            "every bucket, the output an ARN": lambda t: (
                t.outputs["AwsS3Bucket"].update(Value=attribute(BUCKET)),
                t.on_bucket.update(Resource="*"),
            ),
            "every bucket, without an output": lambda t: (
                t.outputs.pop("AwsS3Bucket"),
                t.on_bucket.update(Resource="*"),
            ),
            "an existing bucket beside the stack's own": lambda t: (
                t.outputs["AwsS3Bucket"].update(Value="example"),
                granted_on("arn:aws:s3:::example", "arn:aws:s3:::example/*")(t),
            ),
        },
    ),
    *cases(
        "seven_actions",
        {
            f"of an existing bucket, {what}": granted_on(bucket or EXISTING_ARN, objects or f"{EXISTING_ARN}/*")
            for what, (bucket, objects) in {
                "somebody else's": ("arn:aws:s3:::somebody-elses", None),
                "somebody else's objects": (None, "arn:aws:s3:::somebody-elses/*"),
                "somebody else's too": ([EXISTING_ARN, "arn:aws:s3:::somebody-elses"], None),
                "all objects": (None, "*"),
                "all objects by Fn::Sub": (None, {"Fn::Sub": "*"}),
                "those that begin alike": (joined("arn:", PARTITION, ":s3:::example", "*"), None),
                "somebody else's, joined": (joined("arn:", PARTITION, ":s3:::somebody-elses"), None),
                "one of any partition": (joined("arn:", "*", ":s3:::example"), None),
                "anything before the partition": (joined("*", PARTITION, ":s3:::example"), None),
                "something between": ({"Fn::Join": ["*", ["arn:", PARTITION, ":s3:::example"]]}, None),
                "somebody else's objects, joined": (None, joined("arn:", PARTITION, ":s3:::somebody-elses/*")),
            }.items()
        },
        EXISTING,
    ),
    *cases(
        "tls_only",
        {
            "the bucket has no policy": lambda t: t.resources.pop(BUCKET_POLICY),
            "the log bucket has no policy": lambda t: t.resources.pop(LOGS_POLICY),
            "another bucket has no policy": with_another_bucket,
            "no TLS is allowed": lambda t: t.denied.pop(0),
            "old TLS is allowed": lambda t: t.denied.pop(1),
            "old TLS is allowed on the log bucket": lambda t: t.statements(LOGS_POLICY).pop(1),
            "TLS 1.1 is allowed": lambda t: t.denied[1]["Condition"]["NumericLessThan"].update({"s3:TlsVersion": 1.1}),
            "a version that S3 does not know is demanded": lambda t: t.denied[1]["Condition"]["NumericLessThan"].update(
                {"s3:TlsVersion": 1.4}
            ),
            "new TLS is denied": lambda t: t.denied.append(deny(NumericGreaterThan={"s3:TlsVersion": 1.2})),
            "no TLS is denied to one account": lambda t: t.denied[0]["Condition"].update(
                StringEquals={"aws:PrincipalAccount": ACCOUNT}
            ),
            "old TLS is denied for few keys": lambda t: t.denied[1]["Condition"]["NumericLessThan"].update(
                {"s3:max-keys": 1}
            ),
            "no TLS is denied nowhere": lambda t: t.denied[0].update(Resource="arn:aws:s3:::nowhere/*"),
            "no TLS is denied for some objects": lambda t: t.denied[0]["Resource"][1]["Fn::Join"][1].__setitem__(
                1, "/none/*"
            ),
            "old TLS is denied for some objects": lambda t: t.denied[1]["Resource"][1]["Fn::Join"][1].__setitem__(
                1, "/none/*"
            ),
            "something in the ARN of the objects": lambda t: t.denied[0]["Resource"][1]["Fn::Join"][1].insert(
                1, "/none"
            ),
            "something behind the ARN of the objects": lambda t: t.denied[0]["Resource"][1]["Fn::Join"][1].append(
                "none"
            ),
            "something between the ARN's parts": lambda t: t.denied[0]["Resource"][1]["Fn::Join"].__setitem__(0, "-"),
            "no ARN of the bucket": lambda t: t.denied[0]["Resource"].__setitem__(0, attribute(BUCKET, "DomainName")),
            "no TLS is denied for the bucket only": lambda t: t.denied[0].update(Resource=t.denied[0]["Resource"][0]),
            "old TLS is denied for the objects only": lambda t: t.denied[1].update(
                Resource=t.denied[1]["Resource"][1:]
            ),
            "no TLS is denied to the user only": lambda t: t.denied[0].update(Principal={"AWS": attribute(USER)}),
            "no TLS is denied to all but nobody": lambda t: t.denied[0].update(
                NotPrincipal=t.denied[0].pop("Principal")
            ),
            "no TLS is denied for reading": lambda t: t.denied[0].update(Action="s3:GetObject"),
            "no TLS is denied for nothing": lambda t: t.denied[0].update(NotAction=t.denied[0].pop("Action")),
            "no TLS is allowed to everybody": lambda t: t.denied[0].update(Effect="Allow"),
        },
    ),
    *cases(
        "user_in_its_group_with_its_boundary",
        {
            "a boundary of AWS's": lambda t: t.user.update(PermissionsBoundary=ADMINISTRATOR),
            "a boundary of AWS's, joined": lambda t: t.user.update(
                PermissionsBoundary=joined("arn:", PARTITION, ":iam::aws:policy/A")
            ),
            "the group as the boundary": lambda t: t.user.update(PermissionsBoundary=ref(GROUP)),
            "a parameter as the boundary": lambda t: t.user.update(PermissionsBoundary=ref("BootstrapVersion")),
            "the policy of a role as the boundary": bounded_by_the_policy_of_a_role,
            "no boundary": lambda t: t.user.pop("PermissionsBoundary"),
            "no group": lambda t: t.user.pop("Groups"),
            "another group too": lambda t: t.user["Groups"].append("admins"),
            "the group of others, with the policy": lambda t: (
                t.user.update(Groups=["admins"]),
                t.properties(POLICY).update(Groups=["admins"]),
            ),
            "a policy without a group": lambda t: t.properties(POLICY).pop("Groups"),
            "a second user": lambda t: t.add("AWS::IAM::User", **t.user),
        },
    ),
    *cases(
        "user_in_its_group_with_its_boundary",
        {
            "a boundary of another account": lambda t: t.user.update(
                PermissionsBoundary=f"arn:aws:iam::{ANOTHER_ACCOUNT}:policy/users"
            ),
        },
        SOMEWHERE,
    ),
    *cases(
        "versioned",
        {
            "no word of versions": lambda t: t.bucket.pop("VersioningConfiguration"),
            "versioning is suspended": lambda t: t.bucket["VersioningConfiguration"].update(Status="Suspended"),
            "the log bucket has no versions": lambda t: t.properties(LOGS).pop("VersioningConfiguration"),
        },
    ),
    *cases(
        "written_out",
        {
            "a condition": lambda t: t.whole.update(Conditions={"Never": {"Fn::Equals": ["a", "b"]}}),
            "a mapping": lambda t: t.whole.update(Mappings={"M": {"a": {"b": "c"}}}),
            "a transform": lambda t: t.whole.update(Transform="AWS::Include"),
            "a hook": lambda t: t.whole.update(Hooks={}),
            "a resource under a condition": lambda t: t.resources[BUCKET_POLICY].update(Condition="Never"),
            "an effect by Fn::Sub": lambda t: t.on_bucket.update(Effect={"Fn::Sub": "Allow"}),
            "a statement by Fn::If": lambda t: t.denied.append({"Fn::If": ["Never", EVERYBODY, EVERYBODY]}),
            "a value by Fn::FindInMap": lambda t: t.bucket["VersioningConfiguration"].update(
                Status={"Fn::FindInMap": ["M", "a", "b"]}
            ),
            "a value by Fn::ImportValue": lambda t: t.user.update(Groups=[{"Fn::ImportValue": "admins"}]),
            "no value": lambda t: t.bucket.update(WebsiteConfiguration=ref("AWS::NoValue")),
            "a reference to nothing": lambda t: t.user.update(Groups=[ref("Other")]),
            "an attribute by a function": lambda t: t.outputs["IamUserName"].update(
                Value={"Fn::GetAtt": [ACCESS_KEY, {"Fn::Sub": "SecretAccessKey"}]}
            ),
            "a function beside something else": lambda t: t.user.update(
                Groups={"Ref": GROUP, "Fn::If": ["Never", [], []]}
            ),
            "resources by a loop": lambda t: t.resources.update({"Fn::ForEach::Users": ["Name", ["a"], {}]}),
            "a parameter": lambda t: t.whole.update(Parameters={"Group": {"Type": "String", "Default": "admins"}}),
            "CDK's parameter of another type": lambda t: t.whole.update(
                Parameters={"BootstrapVersion": {"Type": "String", "Default": "admins"}}
            ),
            "CDK's parameter from elsewhere": lambda t: t.whole.update(
                Parameters={
                    "BootstrapVersion": {
                        "Type": "AWS::SSM::Parameter::Value<String>",
                        "Default": "/somebody-elses/parameter",
                    }
                }
            ),
            "CDK's parameter in use": lambda t: t.user.update(Groups=[ref("BootstrapVersion")]),
            "a macro for the template": lambda t: t.whole.update(MACRO),
            "a macro for the resources": lambda t: t.resources.update(MACRO),
            "a macro for a resource": lambda t: t.resources[USER].update(MACRO),
            "a macro for properties": lambda t: t.user.update(MACRO),
            "a macro for a document": lambda t: t.properties(POLICY)["PolicyDocument"].update(MACRO),
            "a macro for a statement": lambda t: t.on_objects.update(MACRO),
            "a macro for the value of a condition": lambda t: t.denied[0]["Condition"]["Bool"].update(
                {"aws:SecureTransport": MACRO}
            ),
            "a macro in a text": lambda t: t.on_objects["Resource"]["Fn::Join"][1].append(MACRO),
            "a macro, deeply nested": lambda t: t.user.update(Tags=nested(200, MACRO)),
            "a macro for the outputs": lambda t: t.outputs.update(MACRO),
            "a macro for an output": lambda t: t.outputs["IamUserName"].update(MACRO),
            "a macro in the text of an output": lambda t: t.outputs["AwsServiceUrl"]["Value"]["Fn::Join"][1].append(
                MACRO
            ),
        },
    ),
)
