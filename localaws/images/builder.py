"""Building: carrying out a Dockerfile's instructions on a folder. Each handler is one instruction."""

import posixpath
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from localaws.images import pip_lines
from localaws.images.dockerfile import DockerfileError, Instruction, parse, substitute
from localaws.images.store import Config, Image, Store

BASE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Stage:
    name: str
    rootfs: Path
    workdir: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=lambda: ["python3"])
    cmd_is_own: bool = False
    env: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    installs: list[pip_lines.PipInstall] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        return {"PATH": BASE_PATH, **self.arguments, **self.env}

    def on_disk(self, path: str) -> Path:
        """Where a path of the image lies here; one that leads out of the image stays at its root."""
        absolute = posixpath.normpath(posixpath.join("/", self.workdir, path))
        return self.rootfs / absolute.lstrip("/")


class Builder:
    """One build: `context` is the folder that COPY takes from."""

    def __init__(
        self, context: Path, draft: Path, build_arguments: dict[str, str], tell: Callable[[str], None]
    ) -> None:
        self._context = context.resolve()
        self._draft = draft
        self._given = build_arguments
        self._global: dict[str, str] = {}
        self._stages: list[Stage] = []
        self._tell = tell

    def run(self, dockerfile: str, target: str | None) -> Stage:
        """The last stage, or the one named `target`. Raises DockerfileError."""
        for instruction in parse(dockerfile):
            if instruction.name == "FROM":
                if target and self._stages and self._stages[-1].name == target:
                    break
                self._from(instruction)
            elif not self._stages:
                if instruction.name != "ARG":
                    raise instruction.fault("the first instruction must be FROM")
                self._global.update(self._defaults(instruction, self._global))
            else:
                self._carry_out(instruction, self._stages[-1])
        if not self._stages:
            raise DockerfileError("The Dockerfile has no FROM")
        if target and self._stages[-1].name != target:
            raise DockerfileError(f"The Dockerfile has no stage named {target!r}")
        return self._stages[-1]

    def _from(self, instruction: Instruction) -> None:
        words = substitute(instruction.rest, self._global).split()
        base = words[0]
        named = len(words) == 3 and words[1].lower() == "as"  # noqa: PLR2004 - FROM image AS name
        rootfs = self._draft / f"stage-{len(self._stages)}"
        stage = Stage(words[2] if named else str(len(self._stages)), rootfs)
        parent = self._find_stage(base)
        if parent:
            shutil.copytree(parent.rootfs, rootfs, symlinks=True)
            stage.workdir, stage.env = parent.workdir, dict(parent.env)
            stage.entrypoint, stage.cmd = list(parent.entrypoint), list(parent.cmd)
            stage.installs = list(parent.installs)
        else:
            rootfs.mkdir(parents=True)
            if not re.search(r"(^|/)python(:|$)", base):
                self._tell(f"FROM {base}: only this machine's Python stands in for it")
        self._stages.append(stage)

    def _carry_out(self, instruction: Instruction, stage: Stage) -> None:
        handler = _HANDLERS.get(instruction.name)
        if handler:
            handler(self, instruction, stage)

    def _arg(self, instruction: Instruction, stage: Stage) -> None:
        stage.arguments.update(self._defaults(instruction, {**self._global, **stage.variables}))

    def _defaults(self, instruction: Instruction, known: dict[str, str]) -> dict[str, str]:
        found = {}
        for word in instruction.words():
            name, given, default = word.partition("=")
            value = self._given.get(name, substitute(default, known) if given else known.get(name))
            if value is not None:
                found[name] = value
        return found

    def _env(self, instruction: Instruction, stage: Stage) -> None:
        # All values of one ENV see the variables as they were before it.
        known = stage.variables
        stage.env.update({name: substitute(value, known) for name, value in instruction.pairs()})

    def _workdir(self, instruction: Instruction, stage: Stage) -> None:
        path = substitute(instruction.rest.strip("\"'"), stage.variables)
        stage.workdir = posixpath.normpath(posixpath.join(stage.workdir, path))
        stage.on_disk(".").mkdir(parents=True, exist_ok=True)

    def _copy(self, instruction: Instruction, stage: Stage) -> None:
        words = [substitute(word, stage.variables) for word in instruction.words()]
        if len(words) < 2:  # noqa: PLR2004 - a source and a destination
            raise instruction.fault("needs a source and a destination")
        *sources, destination = words
        origin = self._context
        if "from" in instruction.flags:
            other = self._find_stage(substitute(instruction.flags["from"], stage.variables))
            if other is None:
                self._tell(
                    f"Skipped (no such image on this machine): COPY --from={instruction.flags['from']}"
                )
                return
            origin = other.rootfs
        target = stage.on_disk(destination)
        into_folder = destination.endswith(("/", "/.")) or destination == "." or len(sources) > 1
        for source in sources:
            if re.match(r"[a-z+]+://", source):
                raise instruction.fault(f"{source}: nothing is fetched here")
            for found in self._matches(instruction, origin, source):
                _copy_one(
                    found,
                    target / found.name if found.is_file() and (into_folder or target.is_dir()) else target,
                )

    def _matches(self, instruction: Instruction, origin: Path, source: str) -> list[Path]:
        inside = posixpath.normpath(posixpath.join("/", source)).lstrip("/")
        found = sorted(origin.glob(inside)) if inside else [origin]
        if not found:
            raise instruction.fault(f"{source}: there is no such file in the build context")
        return found

    def _run(self, instruction: Instruction, stage: Stage) -> None:
        command = " ".join(instruction.exec_form() or [instruction.rest])
        installs, others = pip_lines.split(substitute(command, stage.variables))
        stage.installs += [pip_lines.parse(instruction, line, stage.on_disk) for line in installs]
        for line in others:
            self._tell(f"Skipped (nothing runs while an image is built here): RUN {line}")

    def _entrypoint(self, instruction: Instruction, stage: Stage) -> None:
        stage.entrypoint = instruction.command()
        if not stage.cmd_is_own:  # as Docker does: an ENTRYPOINT forgets the CMD of the base image
            stage.cmd = []

    def _cmd(self, instruction: Instruction, stage: Stage) -> None:
        stage.cmd, stage.cmd_is_own = instruction.command(), True

    def _find_stage(self, name: str) -> Stage | None:
        if name.isdigit() and int(name) < len(self._stages):
            return self._stages[int(name)]
        return next((stage for stage in self._stages if stage.name == name), None)


_HANDLERS: dict[str, Callable[[Builder, Instruction, Stage], None]] = {
    "ADD": Builder._copy,  # noqa: SLF001 - the table belongs to the class
    "ARG": Builder._arg,  # noqa: SLF001
    "CMD": Builder._cmd,  # noqa: SLF001
    "COPY": Builder._copy,  # noqa: SLF001
    "ENTRYPOINT": Builder._entrypoint,  # noqa: SLF001
    "ENV": Builder._env,  # noqa: SLF001
    "RUN": Builder._run,  # noqa: SLF001
    "WORKDIR": Builder._workdir,  # noqa: SLF001
}


def build(  # noqa: PLR0913 - docker build's own options
    store: Store,
    context: Path,
    dockerfile: Path,
    tags: list[str],
    tell: Callable[[str], None],
    *,
    build_arguments: dict[str, str] | None = None,
    target: str | None = None,
) -> Image:
    """Builds and tags an image. Raises DockerfileError, SetUpFailed, OSError; nothing is left of a failed
    build.
    """
    draft = store.draft()
    try:
        stage = Builder(context, draft, build_arguments or {}, tell).run(dockerfile.read_text(), target)
        venv = pip_lines.install(stage.installs, tell)
        for other in draft.iterdir():
            if other != stage.rootfs:
                shutil.rmtree(other)
        config = Config(stage.workdir, stage.entrypoint, stage.cmd, stage.env, str(venv))
        return store.add(stage.rootfs, config, tags)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _copy_one(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
