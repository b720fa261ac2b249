"""Each guardrail lets the template pass, and fires for each way to break the promise, with a message that says how to
mend it."""

import copy
import functools
from collections.abc import Callable
from typing import Any

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.policies.permissions import PERMISSIONS
from stacks.guardrails import files
from tests.stacks.test_packages_storage import BUCKET
from tests.synthesis import INSTANCE, Json, replica_template_of, template_of
from tests.validation import Guardrails

LOGS = "PackagesAccessLogs000D49E7"
SECRET_KEY = {"Fn::GetAtt": ["AccessAccessKey1D123CC98", "SecretAccessKey"]}
TELLING = [
    SECRET_KEY,
    {"Fn::GetAtt": "AccessAccessKey1D123CC98.SecretAccessKey"},
    {"Fn::Sub": "key=${AccessAccessKey1D123CC98.SecretAccessKey}"},
    {"Fn::Base64": {"Fn::Join": ["", ["key=", SECRET_KEY]]}},
    "{{resolve:secretsmanager:packages:SecretString:secret_access_key}}",
    {"Fn::Join": ["", ["{{resolve", ":ssm-secure:key}}"]]},
]
MACRO = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://example/more.json"}}}
EVERYBODY = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*"}
OF_THE_ACCOUNT = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
DENIED_LISTING = {
    "Effect": "Deny",
    "Action": "s3:ListBucket",
    "Resource": "*",
    "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
}
PARTITION = {"Ref": "AWS::Partition"}
AN_EXISTING_ONE, OBJECTS_OF_AN_EXISTING_ONE = "arn:aws:s3:::example", "arn:aws:s3:::example/*"
Edit = Callable[["Template"], object]


REPLICATED = Instance(
    name="production", account="111122223333", region="us-west-2", encryption="kms", replica_region="us-east-1"
)
# The rules that say something of a template with a replica, a key or readers of the secret only.
WITH_OPTIONS = {
    "no_role_but_for_replication": REPLICATED,
    "replica_in_step": REPLICATED,
    "no_open_key_or_secret": Instance(
        name="production",
        account="111122223333",
        region="us-west-2",
        encryption="kms",
        secret_readers=("arn:aws:iam::111122223333:role/setup",),
    ),
}


class Template:
    """A copy of the template, and shorthands for what is in it."""

    def __init__(self, instance: Instance = INSTANCE) -> None:
        self.whole = copy.deepcopy(template_of(instance))
        self.resources: Json = self.whole["Resources"]
        self.outputs: Json = self.whole["Outputs"]
        self.bucket = self._properties(BUCKET)
        self.bucket_policy = self._properties("PackagesBucketPolicyC2FF34FE")
        self.denied = self.bucket_policy["PolicyDocument"]["Statement"]
        self.policy = self._properties("AccessPolicy24F350C1")
        self.on_bucket, self.on_objects = self.policy["PolicyDocument"]["Statement"]
        self.user = self._properties("AccessUser138A70BB")
        self.access_key = self._properties("AccessAccessKey1D123CC98")
        self.secret = self._properties("AccessSecretD1770891")
        self.rule = self.bucket["LifecycleConfiguration"]["Rules"][0]
        self.public_access = self.bucket["PublicAccessBlockConfiguration"]

    @property
    def user_name(self) -> Json:
        name: Json = self.outputs["IamUserName"]["Value"]
        return name

    @property
    def logs_are_delivered(self) -> Json:
        """The statement that lets S3 write to the bucket with the access logs."""
        statements: list[Json] = self._properties("PackagesAccessLogsPolicyDF7C529F")["PolicyDocument"]["Statement"]
        [granted] = [each for each in statements if each["Effect"] == "Allow"]
        return granted

    @property
    def role(self) -> Json:
        return self._properties("PackagesBucketReplicationRole2C8B1845")

    @property
    def trust(self) -> Json:
        trust: Json = self.role["AssumeRolePolicyDocument"]["Statement"][0]
        return trust

    @property
    def replicates(self) -> list[Json]:
        """The statements of the role's policy: the source, its objects, those of the replica, the two keys."""
        statements: list[Json] = self._properties("PackagesBucketReplicationPolicyA893289F")["PolicyDocument"][
            "Statement"
        ]
        return statements

    @property
    def replication(self) -> Json:
        rule: Json = self.bucket["ReplicationConfiguration"]["Rules"][0]
        return rule

    @property
    def destination(self) -> list[Any]:
        """The parts of the ARN of the bucket with the replica."""
        parts: list[Any] = self.replication["Destination"]["Bucket"]["Fn::Join"][1]
        return parts

    @property
    def bucket_output(self) -> Any:
        return self.outputs["AwsS3Bucket"]

    def _properties(self, logical_id: str) -> Json:
        properties: Json = self.resources[logical_id]["Properties"]
        return properties

    def add(self, kind: str, **properties: Any) -> None:
        self.resources[f"Extra{len(self.resources)}"] = {"Type": kind, "Properties": properties}


def of_type(template: Template, kind: str) -> list[Json]:
    """The properties of each resource of that type."""
    return [each["Properties"] for each in template.resources.values() if each["Type"] == kind]


def the_only(template: Template, kind: str) -> Json:
    [found] = of_type(template, kind)
    return found


def on_the_key(template: Template) -> list[Json]:
    statements: list[Json] = the_only(template, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    return statements


def on_the_secret(template: Template) -> list[Json]:
    statements: list[Json] = the_only(template, "AWS::SecretsManager::ResourcePolicy")["ResourcePolicy"]["Statement"]
    return statements


def open_to_public_policies(template: Template) -> None:
    [policy] = [e for e in template.resources.values() if e["Type"] == "AWS::SecretsManager::ResourcePolicy"]
    policy["Properties"]["BlockPublicPolicy"] = False


def the_secret_is(template: Template, *parts: Any) -> None:
    template.secret["SecretString"]["Fn::Join"][1][: len(parts)] = parts


def tells_the_secret_key(where: Callable[[Template, Any], object]) -> list[Edit]:
    """Every form in which CloudFormation would fill in the secret key, or another secret, there."""
    return [functools.partial(lambda told, template: where(template, told), told) for told in TELLING]


def nested(levels: int, value: Any) -> Any:
    return functools.reduce(lambda inner, _: {"a": inner}, range(levels), value)


def joined(*parts: Any) -> Json:
    return {"Fn::Join": ["", [*parts]]}


def allow(principal: Any) -> Json:
    return {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*"}


def deny_if(**condition: Any) -> Json:
    return {**EVERYBODY, "Condition": condition}


def cors(origin: str) -> Json:
    return {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": [origin]}]}


def with_a_central_log_bucket(template: Template) -> Template:
    template.bucket["LoggingConfiguration"] = {"DestinationBucketName": "central-log-bucket"}
    del template.resources[LOGS], template.resources["PackagesAccessLogsPolicyDF7C529F"]
    return template


def with_an_existing_bucket(template: Template) -> Template:
    for logical_id in [key for key, each in template.resources.items() if each["Type"].startswith("AWS::S3")]:
        del template.resources[logical_id]
    template.bucket_output.update(Value="example")
    return template


def existing(template: Template, bucket: Any, objects: Any) -> None:
    template.on_bucket["Resource"], template.on_objects["Resource"] = bucket, objects


def two_more_keys(template: Template) -> None:
    template.add("AWS::IAM::AccessKey", **template.access_key)
    template.add("AWS::IAM::AccessKey", **template.access_key)


def bounded_by_the_policy_of_a_role(template: Template) -> None:
    template.resources["OfARole"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"Roles": ["somebody"]}}
    template.user["PermissionsBoundary"] = {"Ref": "OfARole"}


def replica(template: Template) -> None:
    template.resources["Replica"] = copy.deepcopy(template.resources[BUCKET])


def replica_that_is_not_logged(template: Template) -> None:
    replica(template)
    del template.resources["Replica"]["Properties"]["LoggingConfiguration"]


BREAKS: dict[str, list[Edit]] = {
    "no_open_key_or_secret": [
        open_to_public_policies,
        lambda t: on_the_secret(t)[0].update(Principal={"AWS": "*"}),
        lambda t: on_the_secret(t)[0].update(Principal={"AWS": ["arn:aws:iam::444455556666:root"]}),
        lambda t: on_the_secret(t)[0].update(Action="secretsmanager:*"),
        lambda t: on_the_secret(t)[0].update(Effect="Deny"),
        lambda t: on_the_secret(t)[0].update(NotPrincipal=on_the_secret(t)[0].pop("Principal")),
        lambda t: on_the_key(t)[0].update(Principal="*"),
        lambda t: on_the_key(t)[0].update(Principal={"AWS": "*"}),
        lambda t: on_the_key(t)[0].update(Principal={"AWS": ["*"]}),
        lambda t: on_the_key(t)[0].update(NotPrincipal=on_the_key(t)[0].pop("Principal")),
        lambda t: on_the_key(t)[0].update(Effect="Deny"),
        lambda t: on_the_secret(t)[0]["Principal"].update(Service="lambda.amazonaws.com"),
        lambda t: on_the_secret(t)[0].update(Principal={"AWS": {"Fn::Sub": "arn:aws:iam::444455556666:role/setup"}}),
        lambda t: on_the_secret(t)[0].update(Principal={"AWS": "arn:aws:iam::444455556666:role/*"}),
        *(
            functools.partial(lambda who, t: on_the_key(t).append({**on_the_key(t)[0], "Principal": who}), who)
            for who in [
                {"AWS": {"Fn::Sub": "*"}},
                {"AWS": {"Fn::Join": ["", ["*"]]}},
                {"AWS": "arn:aws:iam::444455556666:root"},
                {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"]},
                {"AWS": "444455556666"},
                {"AWS": "arn:aws:iam::444455556666:role/other"},
                {"AWS": "arn:aws:iam::111122223333:role/setup"},
                {"AWS": {"Fn::GetAtt": ["AccessUser138A70BB", "Arn"]}},
                {"AWS": {"Fn::GetAtt": ["Other", "Arn"]}},
                {"Service": "lambda.amazonaws.com"},
                {"AWS": "arn:aws:iam::111122223333:root", "Service": "lambda.amazonaws.com"},
            ]
        ),
        lambda t: [each.update(Principal={"AWS": "*"}) for each in on_the_key(t)],
        lambda t: the_only(t, "AWS::KMS::Key")["KeyPolicy"].update(Statement=[]),
        lambda t: [each.pop("Condition", None) for each in on_the_key(t)],
        lambda t: [each.update(BypassPolicyLockoutSafetyCheck=True) for each in of_type(t, "AWS::KMS::Key")],
    ],
    "no_other_denial": [
        lambda t: t.denied.append(EVERYBODY),
        lambda t: t.denied.append(deny_if(StringNotEquals={"aws:PrincipalArn": "arn:aws:iam::111122223333:role/one"})),
        lambda t: t.denied.append({**deny_if(NotIpAddress={"AWS:SourceIP": "203.0.113.0/24"}), "Action": "s3:Get*"}),
        lambda t: t.denied.append(deny_if(Bool={"s3:signatureAge": "1"})),
        lambda t: t.denied[0]["Condition"].update(StringEquals={"aws:PrincipalAccount": "111122223333"}),
        lambda t: t.denied[1]["Condition"]["NumericLessThan"].update({"s3:max-keys": 1}),
        lambda t: t.denied[0].update(NotAction=t.denied[0].pop("Action")),
        lambda t: t.denied[0].update(NotPrincipal=t.denied[0].pop("Principal")),
        lambda t: t.policy["PolicyDocument"]["Statement"].append({"Effect": "Deny", "Action": "*", "Resource": "*"}),
        lambda t: t.policy["PolicyDocument"]["Statement"].append(DENIED_LISTING),
    ],
    "only_known_bucket_properties": [
        lambda t: t.bucket.update(InventoryConfigurations=[{"Id": "all"}]),
        lambda t: t.bucket.update(NotificationConfiguration={"EventBridgeConfiguration": {}}),
        lambda t: t.bucket.update(AccelerateConfiguration={"AccelerationStatus": "Enabled"}),
    ],
    "only_known_resources": [
        lambda t: t.add("AWS::S3::AccessPoint", Bucket={"Ref": BUCKET}),
        lambda t: t.add("AWS::CloudFormation::Stack", TemplateURL="https://example.com/template.json"),
        lambda t: t.add("AWS::SSM::Parameter", Type="String", Value="x"),
    ],
    "written_out": [
        lambda t: t.whole.update(Conditions={"Never": {"Fn::Equals": ["a", "b"]}}),
        lambda t: t.whole.update(Mappings={"M": {"a": {"b": "c"}}}),
        lambda t: t.whole.update(Transform="AWS::Include"),
        lambda t: t.resources["PackagesBucketPolicyC2FF34FE"].update(Condition="Never"),
        lambda t: t.on_bucket.update(Effect={"Fn::Sub": "Allow"}),
        lambda t: t.denied.append({"Fn::If": ["Never", EVERYBODY, EVERYBODY]}),
        lambda t: t.whole["Parameters"].update(Group={"Type": "String", "Default": "admins"}),
        lambda t: t.whole["Parameters"].update(BootstrapVersion={"Type": "String", "Default": "admins"}),
        lambda t: t.whole["Parameters"]["BootstrapVersion"].update(Default="/somebody-elses/parameter"),
        lambda t: t.whole.update(MACRO),
        lambda t: t.resources.update(MACRO),
        lambda t: t.resources["AccessUser138A70BB"].update(MACRO),
        lambda t: t.user.update(MACRO),
        lambda t: t.policy["PolicyDocument"].update(MACRO),
        lambda t: t.on_objects.update(MACRO),
        lambda t: t.denied[0]["Condition"]["Bool"].update({"aws:SecureTransport": MACRO}),
        lambda t: t.on_objects["Resource"]["Fn::Join"][1].append(MACRO),
        lambda t: t.user.update(Tags=nested(12, MACRO)),
        lambda t: t.outputs.update(MACRO),
        lambda t: t.outputs["IamUserName"].update(MACRO),
        lambda t: t.outputs["AwsServiceUrl"]["Value"]["Fn::Join"][1].append(MACRO),
    ],
    "access_logged": [
        lambda t: t.bucket.pop("LoggingConfiguration"),
        replica_that_is_not_logged,
    ],
    "acls_off": [
        lambda t: t.bucket.pop("OwnershipControls"),
        lambda t: t.bucket["OwnershipControls"]["Rules"][0].update(ObjectOwnership="BucketOwnerPreferred"),
        lambda t: t.bucket.update(AccessControl="PublicRead"),
    ],
    "current_packages_stay": [
        lambda t: t.bucket.pop("LifecycleConfiguration"),
        lambda t: t.rule.update(ExpirationInDays=365),
        lambda t: t.bucket["LifecycleConfiguration"].update(Rules={"Fn::Split": [",", "a,b"]}),
        lambda t: t.rule.update(ExpirationDate="2030-01-01T00:00:00Z"),
        lambda t: t.rule.update(Transitions=[{"StorageClass": "GLACIER", "TransitionInDays": 30}]),
        lambda t: t.rule.update(Transition={"StorageClass": "GLACIER", "TransitionInDays": 30}),
        lambda t: t.bucket["LifecycleConfiguration"]["Rules"].append({"Status": "Enabled", "ExpirationInDays": 1}),
        lambda t: with_a_central_log_bucket(t).rule.update(ExpirationInDays=365),
        lambda t: with_a_central_log_bucket(t).rule.update(ExpirationDate="2030-01-01T00:00:00Z"),
        lambda t: t.bucket.update(IntelligentTieringConfigurations=[{"Id": "a", "Status": "Enabled", "Tierings": []}]),
    ],
    "encrypted": [
        lambda t: t.bucket.pop("BucketEncryption"),
        lambda t: t.bucket.update(BucketEncryption={"ServerSideEncryptionConfiguration": []}),
        lambda t: t.add("AWS::KMS::Key", Enabled=False),
        lambda t: t.add("AWS::KMS::Key", Enabled="false"),
    ],
    "no_cors_for_everyone": [
        lambda t: t.bucket.update(CorsConfiguration=cors("*")),
        lambda t: t.bucket.update(CorsConfiguration=cors("https://*.example.com")),
    ],
    "no_deny_of_everything_by_address": [
        lambda t: t.denied.append(deny_if(NotIpAddress={"aws:SourceIp": ["203.0.113.0/24"]})),
        lambda t: t.denied.append({**deny_if(NotIpAddress={"aws:VpcSourceIp": "10.0.0.0/8"}), "Action": "*"}),
        lambda t: t.denied.append(deny_if(StringNotEquals={"aws:SourceVpc": "vpc-1"})),
        lambda t: t.denied.extend([EVERYBODY, deny_if(NotIpAddress={"aws:SourceIp": "203.0.113.0/24"})]),
        lambda t: t.denied.append({**deny_if(StringNotEquals={"aws:SourceVpce": "vpce-1"}), "Action": ["s3:*"]}),
    ],
    "no_encryption_header_demanded": [
        lambda t: t.denied.append(deny_if(StringNotEquals={"s3:x-amz-server-side-encryption": "AES256"})),
        lambda t: t.denied.extend([EVERYBODY, deny_if(Null={"s3:x-amz-server-side-encryption": "true"})]),
        lambda t: t.denied.append(deny_if(Null={"s3:x-amz-server-side-encryption-aws-kms-key-id": "true"})),
    ],
    "no_other_grant_to_the_user": [
        lambda t: t.user.update(Policies=[{"PolicyName": "more", "PolicyDocument": {"Statement": []}}]),
        lambda t: t.user.update(ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        lambda t: t.user.update(LoginProfile={"Password": "{{resolve:ssm-secure:password}}"}),
        lambda t: t.policy.update(Users=[{"Ref": "AccessUser138A70BB"}]),
        lambda t: t.policy.update(Roles=["somebody"]),
        lambda t: t.add("AWS::IAM::ManagedPolicy", Roles=["somebody"], Users=[{"Ref": "AccessUser138A70BB"}]),
        lambda t: t.add("AWS::IAM::Policy", Users=[{"Ref": "AccessUser138A70BB"}], PolicyName="more"),
        lambda t: t.add("AWS::IAM::Policy", Groups=[{"Ref": "AccessGroup8B65D982"}], PolicyName="more"),
        lambda t: t.add("AWS::IAM::UserPolicy", UserName={"Ref": "AccessUser138A70BB"}, PolicyName="more"),
        lambda t: t.add("AWS::IAM::GroupPolicy", GroupName={"Ref": "AccessGroup8B65D982"}, PolicyName="more"),
        lambda t: t.add("AWS::IAM::UserToGroupAddition", GroupName="admins", Users=[{"Ref": "AccessUser138A70BB"}]),
    ],
    "no_principal_but_services_in_a_bucket_policy": [
        lambda t: t.denied.append({**allow({"Service": "cloudfront.amazonaws.com"}), "Condition": OF_THE_ACCOUNT}),
        lambda t: t.denied.append({**allow({"Service": "logging.s3.amazonaws.com"}), "Condition": OF_THE_ACCOUNT}),
        lambda t: t.denied.append({**allow({"Service": "*"}), "Action": "s3:PutObject", "Condition": OF_THE_ACCOUNT}),
        lambda t: t.logs_are_delivered.update(Condition=OF_THE_ACCOUNT),
        lambda t: t.logs_are_delivered["Condition"]["StringEquals"].update({"aws:SourceAccount": "*"}),
        lambda t: t.logs_are_delivered["Condition"]["StringEquals"].update({"aws:SourceAccount": ["1", "2"]}),
        lambda t: t.logs_are_delivered["Condition"]["ArnLike"].update({"aws:SourceArn": "arn:aws:s3:::somebody-elses"}),
        lambda t: t.denied.append(allow("*")),
        lambda t: t.denied.append(allow({"AWS": {"Fn::GetAtt": ["AccessUser138A70BB", "Arn"]}})),
        lambda t: t.denied.append(allow({"Federated": "accounts.example.com"})),
        lambda t: t.denied.append(allow({"CanonicalUser": "0123"})),
        lambda t: t.denied.append(allow({"Service": "delivery.logs.amazonaws.com"})),
        lambda t: t.denied.append({"Effect": "Allow", "NotPrincipal": {"AWS": "*"}, "Action": "*", "Resource": "*"}),
    ],
    "no_role_but_for_replication": [
        lambda t: t.trust.update(Principal={"AWS": "*"}),
        lambda t: t.trust.update(Principal={"Service": "ec2.amazonaws.com"}),
        lambda t: t.trust["Principal"].update(AWS="111122223333"),
        lambda t: t.trust["Principal"].update(Federated="accounts.example.com"),
        lambda t: t.trust.update(Action="sts:AssumeRoleWithWebIdentity"),
        lambda t: t.role.update(Policies=[{"PolicyName": "more", "PolicyDocument": {"Statement": []}}]),
        lambda t: t.role.update(ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        lambda t: t.replicates[2]["Action"].append("s3:ObjectOwnerOverrideToBucketOwner"),
        lambda t: t.replicates[0].update(Action="s3:*"),
        lambda t: t.replicates[0].update(NotAction=t.replicates[0].pop("Action")),
        lambda t: t.replicates[2].update(Resource="*"),
        lambda t: t.replicates[2].update(Resource=["*"]),
        lambda t: t.replicates[3].pop("Condition"),
        lambda t: t.replicates[2].update(NotResource=t.replicates[2].pop("Resource")),
        lambda t: t.replicates[2].update(NotResource="arn:aws:s3:::example"),
        lambda t: t.replicates[2].update(Resource="arn:aws:s3:::*"),
        lambda t: t.replicates[2].update(Resource=[t.replicates[2]["Resource"], "arn:aws:s3:::*"]),
        lambda t: t.replicates[2].update(Resource=joined("arn:aws:s3:::", "*")),
        lambda t: t.replicates[2]["Resource"]["Fn::Join"][1].append("*"),
        lambda t: t.replicates[2]["Resource"]["Fn::Join"][1].__setitem__(0, "*"),
        lambda t: t.replicates[2]["Resource"]["Fn::Join"][1].__setitem__(2, "*"),
        lambda t: t.replicates[1]["Resource"]["Fn::Join"].__setitem__(0, "*"),
    ],
    "no_secret_in_an_output": [
        lambda t: t.outputs.update(Key={"Value": {"Fn::Base64": SECRET_KEY}}),
        lambda t: t.outputs.update(Key={"Value": {"Fn::Select": [0, {"Fn::Split": ["/", SECRET_KEY]}]}}),
        lambda t: t.outputs.update(Key={"Value": {"Fn::Join": ["", [{"Fn::Join": ["", [SECRET_KEY]]}]]}}),
        lambda t: t.outputs.update(Key={"Value": "x", "Export": {"Name": "key"}}),
        lambda t: t.outputs.update(Key={"Value": SECRET_KEY}),
        lambda t: t.outputs.update(Key={"Value": {"Fn::Join": ["", ["key=", SECRET_KEY]]}}),
        lambda t: t.outputs.update(Key={"Value": "{{resolve:secretsmanager:packages}}"}),
        lambda t: t.outputs.update(Key={"Value": {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": BUCKET}]]}}),
        lambda t: t.outputs.update(Key={"Value": {"Fn::Sub": "${AccessAccessKey1D123CC98.SecretAccessKey}"}}),
        *tells_the_secret_key(lambda t, told: t.outputs.update(Key={"Value": told})),
        *tells_the_secret_key(lambda t, told: t.outputs["IamUserName"].update(Description=told)),
    ],
    "no_secret_in_clear": [
        lambda t: the_secret_is(t, '{"access_key_id":"', SECRET_KEY),
        lambda t: the_secret_is(
            t, '{"access_key_id":"', {"Ref": "AccessAccessKey1D123CC98"}, '","secret_access_key": "clear'
        ),
        lambda t: the_secret_is(t, '{"access_key_id":"', {"Ref": "X"}, '","secret_access_key":"', "clear"),
        lambda t: t.secret.update(Description={"Fn::Join": ["", ["key ", SECRET_KEY]]}),
        lambda t: t.secret.update(Tags=[{"Key": "key", "Value": SECRET_KEY}]),
        lambda t: t.secret.update(SecretString="in clear"),
        lambda t: t.secret.update(SecretString={"Fn::Join": ["", ['{"secret_access_key":"clear', SECRET_KEY, '"}']]}),
        lambda t: t.secret.pop("SecretString"),
        lambda t: t.add("AWS::SSM::Parameter", Type="String", Value=SECRET_KEY),
        lambda t: t.add("AWS::SSM::Parameter", Type="String", Value={"Fn::Join": ["", ["key=", SECRET_KEY]]}),
        lambda t: t.resources["AccessUser138A70BB"].update(Metadata={"key": SECRET_KEY}),
        lambda t: t.user.update(Tags=[{"Key": "key", "Value": SECRET_KEY}]),
        *tells_the_secret_key(lambda t, told: t.user.update(Tags=[{"Key": "key", "Value": told}])),
        *tells_the_secret_key(lambda t, told: t.secret.update(Tags=[{"Key": "key", "Value": told}])),
        *tells_the_secret_key(lambda t, told: t.resources["AccessUser138A70BB"].update(Metadata={"a": [told]})),
        *tells_the_secret_key(lambda t, told: t.resources["AccessSecretD1770891"].update(Metadata={"a": [told]})),
        *tells_the_secret_key(lambda t, told: t.whole.update(Metadata={"key": told})),
        *tells_the_secret_key(lambda t, told: t.on_bucket.update(Sid=told)),
        *tells_the_secret_key(lambda t, told: t.rule.update(Id=told)),
        *tells_the_secret_key(lambda t, told: t.secret.update(Name=told)),
        *tells_the_secret_key(lambda t, told: t.user.update(Path=told)),
        lambda t: t.resources["AccessUser138A70BB"].update(Metadata=nested(30, SECRET_KEY)),
        lambda t: t.add("AWS::SecretsManager::Secret", **t.secret),
    ],
    "no_website": [lambda t: t.bucket.update(WebsiteConfiguration={"IndexDocument": "index.html"})],
    "only_its_own_access_keys": [
        lambda t: t.add("AWS::IAM::AccessKey", UserName="somebody", Status="Active"),
        lambda t: (t.access_key.update(UserName="somebody"), t.outputs.pop("IamUserName")),
        lambda t: [each.update({"Ref": "BootstrapVersion"}) for each in (t.access_key["UserName"], t.user_name)],
        lambda t: t.access_key.update(Status="Inactive"),
        lambda t: t.access_key.update(Serial=2),
        lambda t: t.access_key.pop("Status"),
        two_more_keys,
    ],
    "public_access_blocked": [
        lambda t: t.bucket.pop("PublicAccessBlockConfiguration"),
        lambda t: t.public_access.pop("BlockPublicAcls"),
        lambda t: t.public_access.update(BlockPublicPolicy=False),
        lambda t: t.public_access.update(IgnorePublicAcls=False),
        lambda t: t.public_access.update(RestrictPublicBuckets=False),
    ],
    "replica_in_step": [
        lambda t: t.resources[LOGS]["Properties"].pop("ReplicationConfiguration"),
        lambda t: t.bucket.pop("ReplicationConfiguration"),
        lambda t: t.replication.update(Status="Disabled"),
        lambda t: t.replication.update(Filter={"Prefix": "npm/"}),
        lambda t: t.replication.update(Filter={"Prefix": "", "TagFilter": {"Key": "a", "Value": "b"}}),
        lambda t: t.replication.update(Filter={"And": {"Prefix": "", "TagFilters": [{"Key": "a", "Value": "b"}]}}),
        lambda t: t.replication.pop("DeleteMarkerReplication"),
        lambda t: t.replication["DeleteMarkerReplication"].update(Status="Disabled"),
        lambda t: t.replication["Destination"].pop("Metrics"),
        lambda t: t.replication["Destination"].update(StorageClass="GLACIER"),
        lambda t: t.replication["Destination"].update(Bucket="arn:aws:s3:::somebody-elses"),
        lambda t: t.replication["Destination"].update(Bucket={"Fn::GetAtt": [LOGS, "Arn"]}),
        lambda t: t.destination.__setitem__(0, "arn:aws:s3:::somebody-elses-"),
        lambda t: t.destination.__setitem__(1, "somebody-elses"),
        lambda t: t.destination.append("-of-somebody-else"),
        lambda t: t.destination[1]["Fn::GetStackOutput"].update(StackName="somebody-elses"),
        lambda t: t.destination[1]["Fn::GetStackOutput"].update(OutputName="SomebodyElses"),
        lambda t: t.destination[1]["Fn::GetStackOutput"].update(RoleArn="arn:aws:iam::444455556666:role/one"),
        lambda t: t.replication["Destination"].update(Account="444455556666"),
        lambda t: t.replication["Destination"].update(AccessControlTranslation={"Owner": "Destination"}),
        lambda t: t.replication.pop("SourceSelectionCriteria"),
        lambda t: t.replication["Destination"].pop("EncryptionConfiguration"),
        lambda t: t.replication["Destination"]["EncryptionConfiguration"].update(ReplicaKmsKeyID="alias/other"),
    ],
    "retained": [
        lambda t: t.resources[BUCKET].update(DeletionPolicy="Delete"),
        lambda t: t.resources[BUCKET].pop("DeletionPolicy"),
        lambda t: t.resources[BUCKET].update(UpdateReplacePolicy="Delete"),
        lambda t: t.resources["PackagesBucketPolicyC2FF34FE"].update(DeletionPolicy="Delete"),
        lambda t: t.add("AWS::KMS::Key", KeyPolicy={}),
    ],
    "seven_actions": [
        lambda t: t.on_bucket.update(Resource="arn:aws:s3:::somebody-elses"),
        lambda t: t.on_objects.update(Resource="arn:aws:s3:::somebody-elses/*"),
        lambda t: t.on_bucket.update(Resource={"Fn::GetAtt": [BUCKET, "DomainName"]}),
        lambda t: t.on_objects["Resource"]["Fn::Join"][1].append("*"),
        lambda t: t.add("AWS::IAM::ManagedPolicy", **t.policy),
        lambda t: t.on_objects["Action"].append("s3:GetObjectAcl"),
        lambda t: t.on_objects["Action"].remove("s3:PutObject"),
        lambda t: t.on_objects.update(Action="s3:*"),
        lambda t: t.on_bucket["Action"].append("s3:GetObject"),
        lambda t: t.on_bucket.update(Action="s3:ListBucket"),
        lambda t: t.on_bucket.update(Resource="*"),
        lambda t: t.on_objects.update(Resource="*"),
        lambda t: t.on_bucket.update(Resource=t.on_objects["Resource"]),
        lambda t: t.on_objects.update(Resource=[t.on_objects["Resource"], t.on_bucket["Resource"]]),
        lambda t: t.on_bucket.update(Resource={"Fn::GetAtt": [LOGS, "Arn"]}),
        lambda t: t.on_objects["Resource"]["Fn::Join"][1].__setitem__(1, "/npm/*"),
        lambda t: t.on_bucket.update(Resource="arn:aws:s3:::example-*"),
        lambda t: t.on_objects.update(Resource="arn:aws:s3:::*/*"),
        lambda t: t.on_objects.update(Resource="arn:aws:s3:::example/npm/*"),
        lambda t: t.on_bucket.update(NotAction=t.on_bucket.pop("Action")),
        lambda t: t.on_bucket.update(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        lambda t: (t.on_bucket.update(Effect="Deny"), t.on_objects.update(Effect="Deny")),
        lambda t: (t.bucket_output.update(Value=joined({"Ref": BUCKET}, "")), t.on_bucket.update(Resource="*")),
        lambda t: (t.bucket_output.update(Value={"Fn::GetAtt": [BUCKET, "Arn"]}), t.on_bucket.update(Resource="*")),
        lambda t: (t.outputs.pop("AwsS3Bucket"), t.on_bucket.update(Resource="*")),
        lambda t: (
            t.bucket_output.update(Value="example"),
            t.on_bucket.update(Resource=AN_EXISTING_ONE),
            t.on_objects.update(Resource=OBJECTS_OF_AN_EXISTING_ONE),
        ),
        *(
            functools.partial(lambda on, t: existing(with_an_existing_bucket(t), on[0], on[1]), on)
            for on in [
                ("arn:aws:s3:::somebody-elses", OBJECTS_OF_AN_EXISTING_ONE),
                (AN_EXISTING_ONE, "arn:aws:s3:::somebody-elses/*"),
                ([AN_EXISTING_ONE, "arn:aws:s3:::somebody-elses"], OBJECTS_OF_AN_EXISTING_ONE),
                (AN_EXISTING_ONE, "*"),
                (AN_EXISTING_ONE, {"Fn::Sub": "*"}),
                (joined("arn:", PARTITION, ":s3:::example", "*"), OBJECTS_OF_AN_EXISTING_ONE),
                (joined("arn:", PARTITION, ":s3:::somebody-elses"), OBJECTS_OF_AN_EXISTING_ONE),
                (joined("arn:", "*", ":s3:::example"), OBJECTS_OF_AN_EXISTING_ONE),
                (joined("*", PARTITION, ":s3:::example"), OBJECTS_OF_AN_EXISTING_ONE),
                ({"Fn::Join": ["*", ["arn:", PARTITION, ":s3:::example"]]}, OBJECTS_OF_AN_EXISTING_ONE),
                (AN_EXISTING_ONE, joined("arn:", PARTITION, ":s3:::somebody-elses/*")),
            ]
        ),
    ],
    "tls_only": [
        lambda t: t.denied[0]["Condition"].update(StringEquals={"aws:PrincipalAccount": "111122223333"}),
        lambda t: t.denied[1]["Condition"]["NumericLessThan"].update({"s3:max-keys": 1}),
        lambda t: t.denied[0].update(Resource="arn:aws:s3:::nowhere/*"),
        lambda t: t.denied[0]["Resource"][1]["Fn::Join"][1].__setitem__(1, "/none/*"),
        lambda t: t.denied[1]["Resource"][1]["Fn::Join"][1].__setitem__(1, "/none/*"),
        lambda t: t.denied[0]["Resource"][1]["Fn::Join"][1].insert(1, "/none"),
        lambda t: t.denied[0]["Resource"][1]["Fn::Join"][1].append("none"),
        lambda t: t.denied[0]["Resource"][1]["Fn::Join"].__setitem__(0, "-"),
        lambda t: t.denied[0]["Resource"].__setitem__(0, {"Fn::GetAtt": [BUCKET, "DomainName"]}),
        lambda t: t.denied[0].update(Resource=t.denied[0]["Resource"][0]),
        lambda t: t.denied[1].update(Resource=t.denied[1]["Resource"][1:]),
        lambda t: t.denied.pop(0),
        lambda t: t.denied.pop(1),
        lambda t: t.denied[1]["Condition"]["NumericLessThan"].update({"s3:TlsVersion": 1.1}),
        lambda t: t.denied[0].update(Principal={"AWS": {"Fn::GetAtt": ["AccessUser138A70BB", "Arn"]}}),
        lambda t: t.denied[0].update(Action="s3:GetObject"),
        lambda t: t.denied[0].update(Effect="Allow"),
        lambda t: t.resources.pop("PackagesBucketPolicyC2FF34FE"),
        replica,
    ],
    "user_in_its_group_with_its_boundary": [
        lambda t: t.user.update(PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"),
        lambda t: t.user.update(
            PermissionsBoundary={"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::aws:policy/A"]]}
        ),
        lambda t: t.user.update(PermissionsBoundary={"Ref": "AccessGroup8B65D982"}),
        lambda t: t.user.update(PermissionsBoundary={"Ref": "BootstrapVersion"}),
        bounded_by_the_policy_of_a_role,
        lambda t: (t.user.update(Groups=["admins"]), t.policy.update(Groups=["admins"])),
        lambda t: t.user.pop("PermissionsBoundary"),
        lambda t: t.user.pop("Groups"),
        lambda t: t.user["Groups"].append("admins"),
        lambda t: t.policy.pop("Groups"),
        lambda t: t.add("AWS::IAM::User", **t.user),
    ],
    "versioned": [
        lambda t: t.bucket.pop("VersioningConfiguration"),
        lambda t: t.bucket["VersioningConfiguration"].update(Status="Suspended"),
    ],
}


@pytest.fixture(scope="module")
def guardrails(tmp_path_factory: pytest.TempPathFactory) -> Guardrails:
    return Guardrails(tmp_path_factory.mktemp("guardrails"))


def test_a_file_holds_the_rule_of_its_name_and_every_rule_is_broken_below() -> None:
    for file in files():
        assert [line for line in file.read_text().splitlines() if line.startswith("rule ")] == [
            line for line in file.read_text().splitlines() if line.startswith(f"rule {file.stem} ")
        ]
    assert [file.stem for file in files()] == sorted(BREAKS)


def test_there_are_seven_actions() -> None:
    """The rule takes them from the code; how many they must be, it cannot know."""
    assert len(PERMISSIONS) == 7


def test_the_template_breaks_no_promise(guardrails: Guardrails) -> None:
    assert guardrails.broken_by(template_of()) == {}


def test_a_central_log_bucket_breaks_no_promise(guardrails: Guardrails) -> None:
    assert guardrails.broken_by(with_a_central_log_bucket(Template()).whole) == {}


def test_an_existing_bucket_breaks_no_promise(guardrails: Guardrails) -> None:
    template = with_an_existing_bucket(Template())
    existing(template, AN_EXISTING_ONE, OBJECTS_OF_AN_EXISTING_ONE)
    assert "seven_actions" not in guardrails.broken_by(template.whole)
    existing(template, joined("arn:", PARTITION, ":s3:::example"), joined("arn:", PARTITION, ":s3:::example/*"))
    assert "seven_actions" not in guardrails.broken_by(template.whole)


def test_a_replica_breaks_no_promise_on_either_side(guardrails: Guardrails) -> None:
    assert guardrails.broken_by(template_of(REPLICATED)) == {}
    assert guardrails.broken_by(replica_template_of(REPLICATED)) == {}


IN_THE_REPLICA = {
    "access_logged": "LoggingConfiguration",
    "acls_off": "OwnershipControls",
    "encrypted": "BucketEncryption",
    "public_access_blocked": "PublicAccessBlockConfiguration",
    "versioned": "VersioningConfiguration",
}


@pytest.mark.parametrize("rule", [*IN_THE_REPLICA, "current_packages_stay", "retained", "tls_only"])
def test_the_replica_keeps_the_promises_of_a_bucket(guardrails: Guardrails, rule: str) -> None:
    template = copy.deepcopy(replica_template_of(REPLICATED))
    [(logical_id, bucket)] = [
        each
        for each in template["Resources"].items()
        if each[0].startswith("ReplicaBucket") and "Policy" not in each[0]
    ]
    if rule in IN_THE_REPLICA:
        del bucket["Properties"][IN_THE_REPLICA[rule]]
    elif rule == "current_packages_stay":
        bucket["Properties"]["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] = 365
    elif rule == "retained":
        bucket["DeletionPolicy"] = "Delete"
    else:
        template["Resources"] = {key: each for key, each in template["Resources"].items() if "Policy" not in key}
    assert logical_id in template["Resources"]
    assert rule in guardrails.broken_by(template)


@pytest.mark.parametrize(
    ("rule", "way"),
    [pytest.param(rule, way, id=f"{rule}-{way}") for rule in BREAKS for way in range(len(BREAKS[rule]))],
)
def test_a_broken_promise_fires_its_rule_and_says_how_to_mend_it(guardrails: Guardrails, rule: str, way: int) -> None:
    template = Template(WITH_OPTIONS.get(rule, INSTANCE))
    BREAKS[rule][way](template)
    messages = guardrails.broken_by(template.whole).get(rule, [])
    assert messages
    assert [message for message in messages if "Guard check" in message] == []
