"""Addresses in the AWS console, escaped the way each console wants it."""

from urllib.parse import quote

from msgspec import Struct

_HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


class Console(Struct, frozen=True, kw_only=True):
    region: str
    partition: str = "aws"

    @property
    def _origin(self) -> str:
        return f"https://{self.region}.{_HOSTS.get(self.partition, _HOSTS['aws'])}"

    def job(self, batch_job_id: str) -> str:
        return f"{self._origin}/batch/home?region={self.region}#jobs/detail/{quote(batch_job_id, safe='')}"

    def log_stream(self, group: str, stream: str) -> str:
        """CloudWatch's console wants names percent-encoded twice, with `$` for the second round's `%`."""
        return (
            f"{self._origin}/cloudwatch/home?region={self.region}"
            f"#logsV2:log-groups/log-group/{_twice(group)}/log-events/{_twice(stream)}"
        )

    def s3_prefix(self, bucket: str, prefix: str) -> str:
        return (
            f"{self._origin}/s3/buckets/{quote(bucket)}?region={self.region}&prefix={quote(prefix, safe='')}"
        )

    def s3_object(self, bucket: str, key: str) -> str:
        return f"{self._origin}/s3/object/{quote(bucket)}?region={self.region}&prefix={quote(key, safe='')}"

    def jobs(self) -> str:
        return f"{self._origin}/batch/home?region={self.region}#jobs"


def of_arn(arn: str) -> Console:
    """The console of the partition and region that an ARN names."""
    _, partition, _, region, *_ = arn.split(":") + [""] * 4
    return Console(region=region or "us-east-1", partition=partition or "aws")


def _twice(text: str) -> str:
    return quote(quote(text, safe=""), safe="").replace("%", "$")
