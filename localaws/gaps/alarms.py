"""Alarms with `Metrics` instead of one flat metric, which MiniStack refuses.

cdk-monitoring-constructs writes even single metrics so. One metric is folded into the flat form. An
expression over several is kept under a name that gets no data: alarms are declarations here, none is
evaluated as on AWS.
"""

from typing import Any

from localaws.gaps import templates

_STATISTICS = {"SampleCount", "Sum", "Minimum", "Maximum", "Average"}


def install() -> None:
    templates.before("AWS::CloudWatch::Alarm", fold)


def fold(properties: dict[str, Any]) -> dict[str, Any]:
    metrics = properties.get("Metrics")
    if not metrics:
        return properties
    rest = {name: value for name, value in properties.items() if name != "Metrics"}
    if len(metrics) == 1 and "MetricStat" in metrics[0]:
        return rest | _flat(metrics[0]["MetricStat"])
    returned = next((m for m in metrics if m.get("ReturnData", True) and "Expression" in m), metrics[0])
    name = returned.get("Label") or returned.get("Expression") or returned["Id"]
    return rest | {"Namespace": "MetricMath", "MetricName": name[:255], "Statistic": "Average"}


def _flat(stat: dict[str, Any]) -> dict[str, Any]:
    metric = stat["Metric"]
    statistic = stat["Stat"]
    return {
        "Namespace": metric["Namespace"],
        "MetricName": metric["MetricName"],
        "Dimensions": metric.get("Dimensions", []),
        "Period": stat["Period"],
        **({"Unit": stat["Unit"]} if "Unit" in stat else {}),
        **({"Statistic": statistic} if statistic in _STATISTICS else {"ExtendedStatistic": statistic}),
    }
