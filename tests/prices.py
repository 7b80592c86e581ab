"""Round prices, so that a test's sums can be done in the head."""

import msgspec

from pulse.domain.cost.prices import Prices

PRICES = msgspec.convert(
    {
        "as_of": "2026-01-01",
        "region": "us-east-1",
        "source": "a test",
        "fargate": {
            "X86_64": {"vcpu_hour_usd": "0.04", "gb_hour_usd": "0.004"},
            "ARM64": {"vcpu_hour_usd": "0.03", "gb_hour_usd": "0.003"},
            "ephemeral_gb_hour_usd": "0.0001",
        },
        "spot_discount": {"least_percent": 50, "most_percent": 70},
    },
    Prices,
)
