"""The bucket that GitHub Packages keeps everything in, and the bucket for its access logs."""

from constructs import Construct

from ghes_packages.lifecycle import ACCESS_LOGS, PACKAGES
from stacks.private_bucket import PrivateBucket


class PackagesBucket(Construct):
    """`bucket` is dedicated to GitHub Packages; who reads and writes it is logged to `access_logs`."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.access_logs = PrivateBucket(self, "AccessLogs", lifecycle=ACCESS_LOGS)
        self.bucket = PrivateBucket(self, "Bucket", lifecycle=PACKAGES, access_logs=self.access_logs)
