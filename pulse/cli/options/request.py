"""What is asked for, as options: those of `pulse submit` and `pulse quote`, declared once.

A field is named as the field of the request that it becomes. What is not given is not sent: the profile and
the configuration of the deployment decide.
"""

from dataclasses import dataclass, fields
from typing import Annotated, Any, get_args

import typer

from pulse.cli.options import values
from pulse.domain.request.alerts_wanted import JobKind
from pulse.domain.training.definition import RETRODICTION


def _of(panel: str) -> Any:
    """Makes options that `--help` lists under `panel`."""
    return lambda name, metavar, text, **more: typer.Option(
        name, metavar=metavar, help=text, rich_help_panel=panel, show_default=False, **more
    )


_training = _of("What is trained")
_resources = _of("Resources of one attempt")
_queueing = _of("Queue and order")
_several = _of("One request, many containers")
_limit_or_alert = _of("Limits and alerts")

Text = str | None
Texts = list[str] | None
Integer = int | None
JsonValue = Any
JsonValues = list[Any] | None


@dataclass(frozen=True, kw_only=True)
class RequestOptions:
    training: Annotated[
        Text,
        _training("--training", "NAME", "Which training; retrodiction unless given."),
    ] = None
    parameters: Annotated[
        JsonValues,
        _training(
            "--parameter",
            "NAME=VALUE",
            "A parameter of another training than retrodiction; repeatable.",
            parser=values.json_pair,
        ),
    ] = None
    dataset: Annotated[
        Text, _training("--dataset", "KEY", "Key in the data bucket; without: all under datasets/.")
    ] = None
    dataset_version_id: Annotated[
        Text, _training("--dataset-version-id", "ID", "This version of the object.")
    ] = None
    variables: Annotated[Texts, _training("--variables", "V [V …]", "Columns to retrodict; repeatable.")] = (
        None
    )
    missing_values: Annotated[
        JsonValues,
        _training(
            "--missing-values",
            "V [V …]",
            "Numbers or texts that mean an empty cell, beside the usual ones; repeatable.",
            parser=values.missing_value,
        ),
    ] = None
    id_columns: Annotated[
        Texts,
        _training(
            "--id-columns",
            "NAME [NAME …]",
            "Columns that distinguish the rows of one time: each id becomes a variable; repeatable.",
        ),
    ] = None
    start_date: Annotated[Text, _training("--start-date", "YYYY-MM-DD", "First day.")] = None
    end_date: Annotated[Text, _training("--end-date", "YYYY-MM-DD", "Last day.")] = None
    batch_size_days: Annotated[
        Integer, _training("--batch-size-days", "DAYS", "Length of a training window.")
    ] = None
    use_dask: Annotated[
        bool | None,
        _training("--use-dask/--no-use-dask", None, "Train windows in parallel with Dask."),
    ] = None
    dask_threads: Annotated[Integer, _training("--dask-threads", "N", "Threads of a Dask worker.")] = None
    success_criterion: Annotated[
        Text,
        _training(
            "--success-criterion",
            "NAME",
            "When a window counts as a success: beats-persistence, beats-baselines or within-interval.",
        ),
    ] = None
    model: Annotated[
        Text, _training("--model", "NAME", "The only model to forecast with; auto: the best of all.")
    ] = None
    season: Annotated[
        Integer, _training("--season", "N", "Observations in a season, 1 for none; found unless given.")
    ] = None
    log_level: Annotated[
        Text, _training("--log-level", "LEVEL", "The level of the training's log: DEBUG, INFO, …")
    ] = None

    profile: Annotated[Text, _resources("--profile", "NAME", "A preset of the configuration.")] = None
    vcpus: Annotated[
        JsonValue,
        _resources("--vcpus", "N|auto", "vCPU; auto: sized from the data.", parser=values.number_or_auto),
    ] = None
    memory_mib: Annotated[
        JsonValue, _resources("--memory", "MIB|auto", "Memory in MiB.", parser=values.integer_or_auto)
    ] = None
    gpus: Annotated[Integer, _resources("--gpus", "N", "GPUs, on a queue whose instances have them.")] = None
    timeout_seconds: Annotated[
        JsonValue,
        _resources(
            "--job-timeout",
            "SECONDS|auto",
            "An attempt is ended after so long.",
            parser=values.integer_or_auto,
        ),
    ] = None
    attempts: Annotated[Integer, _resources("--attempts", "N", "1 to 10, counting the first.")] = None

    queue: Annotated[Text, _queueing("--job-queue", "NAME", "A queue of the configuration.")] = None
    share_identifier: Annotated[
        Text, _queueing("--share-identifier", "NAME", "Whose share, on a fair-share queue.")
    ] = None
    scheduling_priority: Annotated[
        Integer, _queueing("--priority", "0-9999", "Within the share; the higher runs first.")
    ] = None
    depends_on: Annotated[
        JsonValues,
        _queueing(
            "--depends-on",
            "ID[:N_TO_N]|SEQUENTIAL",
            "Start after this job; repeatable. With --shards or --sweep: child after child.",
            parser=values.dependency,
        ),
    ] = None
    job_name_prefix: Annotated[
        Text, _queueing("--job-name-prefix", "TEXT", "Start of the AWS Batch job's name.")
    ] = None
    tags: Annotated[
        JsonValues, _queueing("--tag", "K=V", "A tag of the job; repeatable.", parser=values.pair)
    ] = None

    shards: Annotated[
        Integer, _several("--shards", "N", "Split the windows across N containers, then merge.")
    ] = None
    sweep: Annotated[
        JsonValues,
        _several(
            "--sweep",
            "OPTION=V,V…",
            "Run every combination of values, then rank them; repeatable. Several variables are joined by +.",
            parser=values.swept,
        ),
    ] = None

    alert_kinds: Annotated[
        Texts,
        _limit_or_alert(
            "--alert", "KIND", f"Alert on this only: {', '.join(get_args(JobKind))}; repeatable."
        ),
    ] = None
    alert_channels: Annotated[
        Texts,
        _limit_or_alert("--channel", "NAME", "Send alerts to this channel only: email, slack; repeatable."),
    ] = None
    expected_runtime_seconds: Annotated[
        Integer, _limit_or_alert("--expected-runtime", "SECONDS", "Alert when it runs longer.")
    ] = None
    max_cost_usd: Annotated[
        JsonValue,
        _limit_or_alert("--max-cost", "USD", "Refuse a job that could cost more.", parser=values.usd),
    ] = None

    def given(self) -> dict[str, Any]:
        """The fields of a request that were given, as JSON."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        given["alerts"] = _present(kinds=given.pop("alert_kinds"), channels=given.pop("alert_channels"))
        given["tags"] = values.once_each(self.tags or (), "--tag")
        given["parameters"] = values.once_each(self.parameters or (), "--parameter")
        given["sweep"] = self._swept()
        return _present(**{name: value for name, value in given.items() if value != {}})

    def _swept(self) -> dict[str, Any]:
        """What is swept: options of retrodiction, or the parameters of another training."""
        found = _collected(self.sweep or [])
        return {"parameters": found} if found and self.training not in {None, RETRODICTION} else found


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _collected(pairs: list[tuple[str, list[Any]]]) -> dict[str, list[Any]]:
    """Values of an option that is named twice stand in one list."""
    found: dict[str, list[Any]] = {}
    for name, some in pairs:
        found[name] = found.get(name, []) + some
    return found
