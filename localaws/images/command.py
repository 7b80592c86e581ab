"""The command line that the CDK expects of Docker: login, inspect, build, tag, push. Nothing is run in a
container.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from localaws.errors import SetUpFailed
from localaws.images import registry
from localaws.images.builder import build
from localaws.images.dockerfile import DockerfileError
from localaws.images.registry import PushFailed, push
from localaws.images.store import Store
from localaws.instance import running
from localaws.layout import DEFAULT_ROOT


class CommandError(Exception):
    """What is printed, and then exit code 1."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 with a line on standard error, as Docker's."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] in (["buildx"], ["image"]) and len(words) > 1:
        words = words[1:]
    if words in (["--version"], ["version"]):
        words = ["version"]
    command = _COMMANDS.get(words[0]) if words else None
    if command is None:
        _complain(
            f"{words[0] if words else 'no command'!r} is not something this stand-in for Docker does. "
            f"It knows {', '.join(sorted(_COMMANDS))}; set CDK_DOCKER=docker to use the real one."
        )
        return 1
    try:
        command(words[1:])
    except (CommandError, DockerfileError, SetUpFailed, PushFailed, OSError) as error:
        _complain(str(error))
        return 1
    return 0


def _login(words: list[str]) -> None:
    if "--password-stdin" in words:
        registry.keep_password(DEFAULT_ROOT, sys.stdin.read().strip())
    _say("Login Succeeded")


def _version(_words: list[str]) -> None:
    _say("Docker stand-in of localaws: builds images as folders, runs nothing")


def _build(words: list[str]) -> None:
    options = _build_options(words)
    context = Path(options.context)
    if not context.is_dir():
        raise CommandError(f"the build context {options.context} is not a folder")
    dockerfile = Path(options.file) if options.file else context / "Dockerfile"
    image = build(
        _store(),
        context,
        dockerfile,
        options.tag,
        _tell,
        build_arguments=dict(word.partition("=")[::2] for word in options.build_arg),
        target=options.target,
    )
    _say(image.id)


def _build_options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="docker build", allow_abbrev=False)
    parser.add_argument("--tag", "-t", action="append", default=[])
    parser.add_argument("--file", "-f")
    parser.add_argument("--target")
    parser.add_argument("--build-arg", action="append", default=[])
    # How the image is made or exported elsewhere; here it is a folder, for this machine.
    for ignored in (
        "--platform",
        "--network",
        "--output",
        "--progress",
        "--cache-from",
        "--cache-to",
        "--label",
    ):
        parser.add_argument(ignored, action="append")
    for ignored in ("--no-cache", "--pull", "--quiet", "--load", "--push", "--rm", "--provenance=false"):
        parser.add_argument(ignored, action="store_true")
    parser.add_argument("context")
    return parser.parse_args(words)


def _inspect(words: list[str]) -> None:
    names = [word for word in words if not word.startswith("-")]
    found = [(name, _store().find(name)) for name in names]
    _say(json.dumps([{"Id": image.id, "RepoTags": [name]} for name, image in found if image]))
    missing = [name for name, image in found if image is None]
    if missing or not names:
        raise CommandError(f"Error: No such object: {', '.join(missing)}")


def _tag(words: list[str]) -> None:
    if len(words) != 2:  # noqa: PLR2004 - source and target
        raise CommandError("usage: docker tag SOURCE TARGET")
    store = _store()
    image = store.find(words[0])
    if image is None:
        raise CommandError(f"No such image: {words[0]}")
    store.tag(image, words[1])


def _push(words: list[str]) -> None:
    uris = [word for word in words if not word.startswith("-")]
    for uri in uris:
        image = _store().find(uri)
        if image is None:
            raise CommandError(f"An image does not exist locally with the tag: {uri}")
        _say(f"{uri}: digest: {push(_endpoint(), image, uri, registry.password(DEFAULT_ROOT))}")


def _images(_words: list[str]) -> None:
    for tag, image_id in _store().tags().items():
        _say(f"{tag}\t{image_id}")


_COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "build": _build,
    "images": _images,
    "inspect": _inspect,
    "login": _login,
    "push": _push,
    "tag": _tag,
    "version": _version,
}


def _store() -> Store:
    return Store.of(DEFAULT_ROOT)


def _endpoint() -> str:
    if given := os.environ.get("AWS_ENDPOINT_URL"):
        return given
    if found := running(DEFAULT_ROOT):
        return found.endpoint_url
    raise CommandError(
        "AWS_ENDPOINT_URL is not set and no AWS runs on this machine: there is nowhere to push to"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _complain(message: str) -> None:
    _tell(f"docker: {message}")
