"""Reads which AWS Batch job holds a run that another lost. No alert fails for want of it."""

from msgspec import Struct

from pulse.domain.errors import PulseError
from pulse.domain.job.ids import usable_as_job_id
from pulse.domain.job.record import JobRecord
from pulse.domain.job.run_claim import MAX_CLAIM_BYTES, in_words, parse
from pulse.domain.s3.layout import claim_keys
from pulse.services.ports.ledger import Ledger
from pulse.services.ports.storage import Objects

_NOT_KNOWN = "Which job holds it is not known: its claim.json could not be read."


class ReadHolder(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    objects: Objects
    results_bucket: str

    def of(self, record: JobRecord, child: int | None) -> str:
        """A sentence that says who holds the record's run, or that of its array's child."""
        if record.results_bucket != self.results_bucket:
            return _NOT_KNOWN
        for key in claim_keys(record.results_id, child):
            if claim := parse(self._read(key)):
                return in_words(claim, self.results_bucket, key, self._recorded(claim.batch_job_id))
        return _NOT_KNOWN

    def _read(self, key: str) -> bytes:
        try:
            return self.objects.read(self.results_bucket, key, limit_bytes=MAX_CLAIM_BYTES) or b""
        except PulseError:
            return b""

    def _recorded(self, batch_job_id: str) -> JobRecord | None:
        """What the ledger knows of the holder: one that took another's run is recorded under its own id."""
        whole, _, _ = batch_job_id.partition(":")
        found = self.ledger.record(whole) if usable_as_job_id(whole) else None
        return found if found and found.batch_job_id == whole else None
