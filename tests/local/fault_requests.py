"""The requests of the fault-injection run, and the events by which the functions hear of them."""

import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal

EVENTS = Path(__file__).parents[1] / "events"
_HTTP = json.loads((EVENTS / "http_post_jobs.json").read_text())
_CREATED = json.loads((EVENTS / "s3_object_created_versioned.json").read_text())

Door = Literal["API with a key", "API without a key", "data set", "request file"]
_SHARE: dict[Door, int] = {"API with a key": 30, "API without a key": 15, "data set": 35, "request file": 20}
_ARRAYS_PERCENT = 20


@dataclass(frozen=True)
class Asked:
    """A request. Its data set names it, and no other has that. `steps`: how many jobs it shall have."""

    name: str
    door: Door
    steps: int
    version_id: str = ""

    @property
    def dataset(self) -> str:
        return f"datasets/{self.name}.csv"

    @property
    def body(self) -> str:
        return json.dumps({"dataset": self.dataset} | ({"shards": 2} if self.steps > 1 else {}))

    @property
    def by_api(self) -> bool:
        return self.door.startswith("API")


def requests(count: int, random: Random) -> list[Asked]:
    doors = random.choices(list(_SHARE), weights=list(_SHARE.values()), k=count)
    # A dropped data set says nothing of shards.
    many = [door != "data set" and random.randrange(100) < _ARRAYS_PERCENT for door in doors]
    return [
        Asked(f"r{i:04}", door, 2 if array else 1)
        for i, (door, array) in enumerate(zip(doors, many, strict=True))
    ]


def api_event(asked: Asked) -> dict[str, Any]:
    event = deepcopy(_HTTP) | {"body": asked.body}
    if asked.door == "API with a key":
        event["headers"]["idempotency-key"] = asked.name
    return event


def created_event(asked: Asked, bucket: str) -> dict[str, Any]:
    """What S3 tells of a dropped data set or a dropped request."""
    event = deepcopy(_CREATED)
    event["detail"]["bucket"]["name"] = bucket
    event["detail"]["object"] |= {
        "key": asked.dataset if asked.door == "data set" else f"requests/{asked.name}.json",
        "size": len(asked.body),
        "version-id": asked.version_id,
        "sequencer": f"00{int(asked.name[1:]):016X}",
    }
    return event


def sqs_event(bodies: list[Any]) -> dict[str, Any]:
    """Messages whose ids are their numbers."""
    records = [
        {
            "messageId": str(i),
            "receiptHandle": "AQEB",
            "body": body if isinstance(body, str) else json.dumps(body),
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1772443800000"},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:queue",
            "awsRegion": "us-east-1",
        }
        for i, body in enumerate(bodies)
    ]
    return {"Records": records}
