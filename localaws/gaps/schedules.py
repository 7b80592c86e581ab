"""EventBridge Scheduler looks at the clock twice a second instead of every ten seconds."""

from localaws.ministack.patching import replace

TICK_SECONDS = 0.5


def install() -> None:
    replace("services.scheduler._SCHEDULE_TICK_INTERVAL", TICK_SECONDS)
