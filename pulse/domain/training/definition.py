"""Training: what a training.yaml says of a program that runs as a job.

A training is data: an image, a command, its parameters and what it writes. docs/your-own-training.md is its
description for people.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from pulse.domain.fault import Fault, shown
from pulse.domain.request.batch_limits import Platform
from pulse.domain.request.parameters import ParameterName, TrainingName
from pulse.domain.request.profile import ProfileName
from pulse.domain.training.parameters import Parameter

RETRODICTION = "retrodiction"
"""The training that a request means which names none. Its parameters are fields of the request itself."""
PLACES = ("data", "results", "checkpoints")
"""Placeholders of a command beside the parameters: where the data lies, and where to write."""
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
CODES_OF_DATA = ("65", "66", "73", "74", "75", "76", "77")
"""How a job ends whose data could not be moved: data_container.py."""
_OUR_FILES = ("claim.json", "manifest.json")
_OURS = ("PULSE_", "AWS_", "S3_DATA_BUCKET", "S3_RESULTS_BUCKET", "LOG_LEVEL")

Image = Annotated[
    str,
    Meta(
        pattern=r"^(\.|[a-z0-9][a-zA-Z0-9._/:-]{0,254}@sha256:[0-9a-f]{64})\Z",
        description=". for the Dockerfile beside the file, or an image by its digest: NAME@sha256:…",
    ),
]
Word = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x1f\x7f]{1,1024}\Z",
        description="a word of 1 to 1024 characters, no control characters",
    ),
]
FileName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}\Z",
        description="the name of a file that the training writes, 1 to 128 letters, digits and ._-",
    ),
]
MetricName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_@./-]{0,63}\Z",
        description="the name of a metric, 1 to 64 letters, digits and _@./-, beginning with a letter",
    ),
]
Code = Annotated[
    str,
    Meta(
        pattern=r"^([1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])\Z",
        description="an exit code, an integer from 1 to 255",
    ),
]
Sentence = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x1f\x7f]{0,300}\Z",
        description="a sentence of at most 300 characters on one line",
    ),
]
Suffix = Annotated[
    str, Meta(pattern=r"^\.[a-z0-9.]{1,31}\Z", description="the end of a file's name such as .parquet")
]
VariableName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}\Z",
        description="the name of an environment variable: letters, digits and underscores",
    ),
]
SecretArn = Annotated[
    str,
    Meta(
        pattern=r"^arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)"
        r"[A-Za-z0-9/_+=.@:-]{1,512}\Z",
        description="the ARN of a secret of Secrets Manager or of a parameter of Parameter Store",
    ),
]


class Metrics(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`file`: a JSON object of numbers by name, which the training writes. `headline`: by which people judge
    a run, the most important first. `better`: in which direction.
    """

    headline: Annotated[
        tuple[MetricName, ...],
        Meta(min_length=1, max_length=5, description="a list of 1 to 5 names of metrics"),
    ]
    file: FileName = "metrics.json"
    better: dict[MetricName, Literal["higher", "lower"]] = {}

    def faults(self) -> list[Fault]:
        faults = [
            Fault(f"headline[{i}]", "each metric once", shown(name))
            for i, name in enumerate(self.headline)
            if name in self.headline[:i]
        ]
        if self.file in _OUR_FILES:
            faults.append(Fault("file", "another name than those of Pulse's own files", shown(self.file)))
        return faults


class ExitCode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an exit code of the training means to a person."""

    cause: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9-]{0,63}\Z",
            description="a word for filters: lower-case letters, digits and hyphens",
        ),
    ]
    explanation: Sentence
    advice: Sentence = "Read the end of the log."
    retry_helps: bool = False


class Training(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`data`: how the program gets its data set and leaves its results: `folder`, as files of local folders;
    `uri`, by S3 URIs, which it reads and writes itself; `none`: it needs no data, and writes into a folder.
    `suffixes`: how the names of its data sets end; none: as those of tables.

    `profile`: what its jobs get when a request names none. `sweep`: which parameters a request may sweep;
    None: all. `report`: a page that it writes.
    """

    name: TrainingName
    command: Annotated[
        tuple[Word, ...], Meta(min_length=1, max_length=100, description="a list of 1 to 100 words")
    ]
    image: Image = "."
    help: Sentence = ""
    parameters: dict[ParameterName, Parameter] = {}
    metrics: Metrics | None = None
    data: Literal["folder", "uri", "none"] = "folder"
    suffixes: Annotated[tuple[Suffix, ...], Meta(max_length=20)] = ()
    exit_codes: dict[Code, ExitCode] = {}
    environment: dict[VariableName, Word] = {}
    secrets: dict[VariableName, SecretArn] = {}
    profile: ProfileName | None = None
    report: FileName | None = None
    sweep: tuple[ParameterName, ...] | None = None

    def faults(self) -> list[Fault]:
        """The rules between its parts."""
        return [
            *self._code_faults(),
            *self._command_faults(),
            *self._variable_faults(),
            *(
                Fault(f"sweep[{i}]", f"one of {_names(self.parameters)}", shown(name))
                for i, name in enumerate(self.sweep or ())
                if name not in self.parameters
            ),
        ]

    @property
    def has_folder(self) -> bool:
        """Whether a second container moves its data: the program itself knows nothing of S3."""
        return self.data != "uri"

    def _command_faults(self) -> Iterator[Fault]:
        known = [*self.parameters, *PLACES]
        for i, word in enumerate(self.command):
            for name in PLACEHOLDER.findall(word):
                if name not in known:
                    yield Fault(f"command[{i}]", f"a placeholder that is one of {_names(known)}", shown(word))
        for name in self.parameters:
            if name in PLACES:
                yield Fault(f"parameters.{name}", f"another name than {_names(PLACES)}", shown(name))

    def _code_faults(self) -> Iterator[Fault]:
        taken = CODES_OF_DATA if self.has_folder else ()
        for code in self.exit_codes:
            if code in taken:
                named = ", ".join(taken)
                limit = f"another code than {named}, which say that the data could not be moved"
                yield Fault(f"exit_codes.{code}", limit, shown(code))

    def _variable_faults(self) -> Iterator[Fault]:
        for section in ("environment", "secrets"):
            for name in getattr(self, section):
                if name.startswith(_OURS):
                    limit = f"a name that does not begin as those that Pulse and AWS set: {_names(_OURS)}"
                    yield Fault(f"{section}.{name}", limit, shown(name))
        for name in self.environment.keys() & self.secrets.keys():
            yield Fault(f"secrets.{name}", "a name that environment does not have", shown(name))


class DescribedTrainings(Struct, frozen=True, kw_only=True):
    """All of a deployment, by name. `definitions`: the names of their job definitions, by platform."""

    trainings: dict[str, Training] = {}
    definitions: dict[str, dict[Platform, str]] = {}


class Described(Struct, frozen=True, kw_only=True):
    """A training, and the folder that its image is built from; None for one that is an image only."""

    training: Training
    folder: str | None = None


def _names(names: Any) -> str:
    return ", ".join(names)
