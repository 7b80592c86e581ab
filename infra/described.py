"""`python -m infra.described NAME` prints what the training of this name is, as JSON, for `pulse training
check`, which does not import what synthesizes.
"""

import sys

import msgspec

from infra.config.load import ROOT, ConfigError, load
from infra.config.trainings import folder_of
from pulse.domain.training.definition import Described

ENVIRONMENT = "local"


def main() -> None:
    name = sys.argv[1]
    try:
        config = load(ENVIRONMENT)
    except ConfigError as error:
        sys.exit(str(error))
    if name not in config.trainings:
        known = ", ".join(config.trainings) or "none"
        sys.exit(f"No training is called {name!r}. Known: {known}. Make it: pulse training new {name}")
    folder = folder_of(config, name, ROOT)
    found = Described(training=config.trainings[name], folder=str(folder) if folder else None)
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
