"""Where a command's words go: data to stdout, messages to stderr."""

from rich.console import Console

data = Console(soft_wrap=True, highlight=False)
messages = Console(stderr=True, soft_wrap=True, highlight=False)
