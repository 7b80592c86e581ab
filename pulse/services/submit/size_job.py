"""Sizes a request whose resources are `auto`: from its data set, and from earlier runs."""

from msgspec import Struct

from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.errors import InvalidRequest
from pulse.domain.fault import Fault, shown
from pulse.domain.plan import command
from pulse.domain.request.job_request import JobRequest
from pulse.domain.request.resources import RequestedResources, Resources, resource_faults
from pulse.domain.s3.layout import s3_uri
from pulse.domain.sizing.sizing import size
from pulse.services.query.past_runs import PastRuns
from pulse.services.submit.describe_dataset import DescribeDataset


class SizeJob(Struct, frozen=True, kw_only=True):
    describe_dataset: DescribeDataset
    past_runs: PastRuns
    catalogue: Catalogue
    data_bucket: str

    def size(self, request: JobRequest, wanted: RequestedResources) -> Resources:
        """Raises InvalidRequest when the data set is not there or cannot be sized for, Unavailable,
        Misconfigured.
        """
        missing = [
            value for value in command.missing_values(request, self.catalogue) if isinstance(value, str)
        ]
        facts = self.describe_dataset.describe(
            self.data_bucket,
            request.dataset or "",
            version_id=request.dataset_version_id or "",
            missing=missing,
        )
        if facts and request.id_columns:
            # How many variables the ids make, and how many rows each has, only reading all of it would tell.
            facts = facts.size_only()
        if facts is None and request.dataset:
            found = f"{s3_uri(self.data_bucket, request.dataset)} is not there"
            raise InvalidRequest(
                [Fault("dataset", "an object that can be looked at, for auto", shown(found, 300))]
            )
        catalogue = self.catalogue
        profile_name = catalogue.profile_of(request)
        queue = catalogue.queues[request.queue or catalogue.profiles[profile_name].queue]
        work = command.longest(request, catalogue)
        sized = size(
            wanted,
            facts,
            self.past_runs.for_sizing(request, profile_name),
            batch_size_days=work.batch_size_days,
            variables=work.variables,
            start=work.start,
            end=work.end,
            shards=request.shards or 1,
            platform=queue.platform,
            max_vcpus=queue.max_vcpus,
            max_memory_mib=queue.max_memory_mib,
            use_dask=command.use_dask(request, catalogue),
            dask_threads=request.dask_threads or catalogue.request_defaults.dask_threads,
        )
        faults = resource_faults(
            vcpus=sized.vcpus,
            memory_mib=sized.memory_mib,
            gpus=sized.gpus,
            platform=queue.platform,
            max_vcpus=queue.max_vcpus,
            max_memory_mib=queue.max_memory_mib,
        )
        if faults:
            raise InvalidRequest(faults)
        return sized
