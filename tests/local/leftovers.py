"""What a walk through the doors of Pulse leaves in the way of the next."""

from pulse.aws.ledger.items import REFUSALS
from tests.local.deployment import ENDS, Deployment, until


def empty_datasets(pulse: Deployment) -> None:
    bucket = pulse.where.data_bucket
    for item in pulse.s3.list_objects_v2(Bucket=bucket, Prefix="datasets/").get("Contents", []):
        pulse.s3.delete_object(Bucket=bucket, Key=item["Key"])


def forget_refused_drops(pulse: Deployment) -> None:
    """Each walk drops a bad request, and of many in ten minutes people are not told one by one."""
    refused = {"ExpressionAttributeValues": {":refused": {"S": REFUSALS}}, "TableName": pulse.ledger}
    for item in pulse.table.query(KeyConditionExpression="pk = :refused", **refused)["Items"]:
        pulse.table.delete_item(TableName=pulse.ledger, Key={name: item[name] for name in ("pk", "sk")})


def end_all(pulse: Deployment, since: float) -> None:
    def unfinished() -> list[str]:
        return [job["jobId"] for job in pulse.all_jobs(since) if job["status"] not in ENDS]

    for batch_job_id in unfinished():
        pulse.batch.terminate_job(jobId=batch_job_id, reason="The test goes on")
    until(lambda: not unfinished(), "the end of all jobs")


def leave_nothing(pulse: Deployment) -> None:
    """What was denied and still waits would be tried again, and told with its denial."""
    end_all(pulse, since=0)
    for url in pulse.sqs.list_queues()["QueueUrls"]:
        pulse.sqs.purge_queue(QueueUrl=url)
