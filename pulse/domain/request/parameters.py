"""Names and values by which a request asks for a training. What a training makes of them is its own:
training/parameters.py.
"""

from typing import Annotated

from msgspec import Meta

TrainingName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9-]{0,31}\Z",
        description="the name of a training: 1 to 32 lower-case letters, digits and hyphens, beginning "
        "with a letter",
    ),
]
ParameterName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]{0,63}\Z",
        description="1 to 64 lower-case letters, digits and underscores, beginning with a letter",
    ),
]
Value = str | int | float | bool
MAX_PARAMETERS = 50
Parameters = Annotated[
    dict[ParameterName, Value],
    Meta(max_length=MAX_PARAMETERS, description="an object of at most 50 values by the names of parameters"),
]
