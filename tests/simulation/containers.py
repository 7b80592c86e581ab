"""What the training's containers do where others can see it: they claim their run, log, write metrics, and
have an instance under them.
"""

import json
import types
from datetime import timedelta
from typing import Any

from recursive_training.data import s3 as training_s3
from recursive_training.errors import AlreadyClaimedError
from recursive_training.steps.claim import claim

from tests.simulation.account import REGION
from tests.simulation.batch_job import Job
from tests.simulation.batch_outcome import DUPLICATE, Outcome
from tests.simulation.deployment import INSTANCE_TYPE
from tests.simulation.instances import Fleet, Host
from tests.simulation.kernel import START, Kernel
from tests.simulation.logs import Logs
from tests.simulation.s3 import S3
from tests.simulation.s3_bucket import Bucket

_METRICS = json.dumps({"data": {}}).encode()
_ZONES = (f"{REGION}a", f"{REGION}b")
_SPOT = 0.7
_PRICES_USD = ("0.061", "0.072", "0.068")
_FORGOTTEN_AFTER_SECONDS = 1200.0
"""Amazon ECS knows an instance at most so long after its container has ended; of one without a price in the
zone nobody knows what it cost.
"""


class Containers:
    """Those of all jobs. `results`: the bucket that they write to."""

    def __init__(self, kernel: Kernel, s3: S3, results: Bucket, logs: Logs) -> None:
        self._kernel, self._s3, self._results, self._logs = kernel, s3, results, logs
        self.fleet = Fleet(
            prices={
                (INSTANCE_TYPE, zone): [
                    (START + timedelta(minutes=10 * number - 60), usd)
                    for number, usd in enumerate(_PRICES_USD)
                ]
                for zone in _ZONES
            }
        )

    def run(self, job: Job, attempt: int) -> Outcome | None:
        """Begins: of what is no part of an array, with the training's claim."""
        if "containerInstanceArn" in job.container:
            self._place(job, attempt)
        if job.parent is not None or not job.pulse_job_id:
            return None
        folder = f"results/{job.pulse_job_id}/"
        options: Any = types.SimpleNamespace(
            aws_batch_job_id=job.id, results_folder=folder, job_id=job.pulse_job_id
        )
        try:
            claim(training_s3.Bucket(self._s3, self._results.name), options, self._kernel.time())  # type: ignore[arg-type]
        except AlreadyClaimedError:
            return Outcome(2.0, DUPLICATE)
        return None

    def end(self, job: Job, outcome: Outcome) -> None:
        """Has ended by itself, before anybody knows."""
        if stream := job.container.get("logStreamName"):
            self._logs.write("/pulse/training", stream, f"ended with exit code {outcome.exit_code}")
        if outcome.exit_code == 0 and job.pulse_job_id and job.parent is None:
            self._results.put(f"results/{job.pulse_job_id}/metrics.json", _METRICS)

    def _place(self, job: Job, attempt: int) -> None:
        """Puts an instance under an attempt. A reclaimed one is gone as soon as the attempt."""
        arn, outcome = job.container["containerInstanceArn"], job.outcome
        assert outcome is not None
        named = ("instance", job.stem, attempt)
        zone = _ZONES[int(self._kernel.chance(*named, "zone") * len(_ZONES))]
        spot = self._kernel.chance(*named, "spot") < _SPOT
        self.fleet.hosts[arn] = Host(job.instance_id, INSTANCE_TYPE, zone, spot)
        seconds = min(outcome.seconds, job.timeout_seconds or outcome.seconds)
        if outcome.exit_code is not None:
            seconds += _FORGOTTEN_AFTER_SECONDS * self._kernel.chance(*named, "forgotten")
        self._kernel.after(seconds, lambda: self.fleet.end(arn))
