"""The server's main: checks the hooks, puts our Batch, gaps and pages in place, and serves.

Runs in the server's own virtual environment, started by `localaws.server` only.
"""

import argparse
import importlib.util
import os
import sys
from pathlib import Path


def main() -> None:
    options = _options()
    _load_package(Path(__file__).resolve().parent)
    from localaws.batch.border import hooks as batch_hooks  # noqa: PLC0415 - not importable before the line above
    from localaws.ministack import hooks  # noqa: PLC0415

    _make_coherent(options.root)
    try:
        hooks.check([*hooks.HOOKS, *batch_hooks.HOOKS])
    except hooks.MissingHooks as missing:
        raise SystemExit(str(missing)) from None
    _install(options.root, options.instance_id)
    _serve()


def _load_package(folder: Path) -> None:
    """Makes `localaws` importable in this process, and nothing that lies beside it: its other packages may be
    of another version than the server's, and a Lambda must not be able to import the project.
    """
    spec = importlib.util.spec_from_file_location(
        "localaws", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(str(folder))
    sys.modules["localaws"] = package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)


def _make_coherent(root: Path) -> None:
    # Before the check, which imports MiniStack's S3: that reads its files as it is imported.
    from localaws.layout import Layout  # noqa: PLC0415
    from localaws.state import snapshot  # noqa: PLC0415

    layout = Layout(root)
    snapshot.recover(layout.state)
    for bucket in snapshot.drop_unknown_buckets(layout.state, layout.s3):
        sys.stderr.write(f"Bucket {bucket} is younger than the last saved state and is forgotten\n")


def _install(root: Path, instance_id: str) -> None:
    # After the check: these modules reach for the hooked names as they are imported.
    from localaws import batch, calls, endpoints, gaps, inbox  # noqa: PLC0415
    from localaws.gaps import ecr  # noqa: PLC0415
    from localaws.inbox import pages  # noqa: PLC0415
    from localaws.layout import Layout  # noqa: PLC0415
    from localaws.protection import guard, keys  # noqa: PLC0415
    from localaws.state import saving  # noqa: PLC0415

    own = keys.read(Layout(root))
    # What MiniStack takes for root's. Its functions get those of their role in place of them.
    os.environ |= {"AWS_ACCESS_KEY_ID": own.access_key_id, "AWS_SECRET_ACCESS_KEY": own.secret_access_key}
    box = inbox.open_box(root)
    gaps.install()
    private, public = batch.install(root)
    saving.install(Layout(root).state)
    calls.install()  # after AWS Batch, whose actions count too
    owners = {**private, calls.PATH: calls.answer, pages.PATH: lambda request: pages.answer(box, request)}
    endpoints.install(root, instance_id, own.page_token, owners, public)
    guard.install(own, ecr.PASSWORD)  # the last: it stands in front


def _serve() -> None:
    import ministack.app  # noqa: PLC0415
    from hypercorn.config import Config  # type: ignore[import-not-found]  # noqa: PLC0415

    # An idle keep-alive connection of a client must not hold the stop for 3 s.
    Config.graceful_timeout = 0.5
    sys.argv = sys.argv[:1]  # MiniStack parses it too
    ministack.app.main()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--instance-id", required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
