"""A training that others bring, as its file says it."""

from msgspec.structs import replace

from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.request.profile import Profile
from pulse.domain.training.definition import Training
from pulse.domain.validation import convert

FILE = {
    "name": "churn",
    "command": ["python", "train.py", "--rate", "{rate}", "--depth={depth}", "{data}", "{results}"],
    "parameters": {
        "rate": {"type": "number", "minimum": 0.0001, "maximum": 1, "default": 0.1, "help": "Learning rate"},
        "depth": {"type": "integer", "minimum": 1, "maximum": 12, "default": 6},
        "kind": {"type": "string", "enum": ["gbdt", "forest"], "default": "gbdt"},
    },
    "metrics": {"headline": ["auc", "log_loss"], "better": {"auc": "higher", "log_loss": "lower"}},
    "exit_codes": {"3": {"cause": "one-class", "explanation": "All rows have the same label."}},
}
DEFINITIONS = {"churn": {"FARGATE": "pulse-training-churn"}}


def training(**changes) -> Training:
    return convert(FILE | changes, Training)


def with_churn(catalogue: Catalogue, **changes) -> Catalogue:
    """A catalogue that offers it, with a profile that is large enough."""
    medium = Profile(vcpus=1, memory_mib=2048, timeout_seconds=3600, attempts=3, queue="fifo")
    return replace(
        catalogue,
        trainings={"churn": training(**changes)},
        training_definitions=DEFINITIONS,
        profiles={**catalogue.profiles, "medium": medium},
        request_defaults=replace(catalogue.request_defaults, profile="medium"),
    )
