"""Which files of the results folder are stored, and which are left out in words."""

import os

import pytest

FOLDER = "results/run-1/"
OURS = "Pulse keeps its own file under that name, so choose another"


@pytest.fixture
def stored(store, run):
    """Lets a training write results and end with 0; gives the names that are stored, without Pulse's own."""

    def end(write) -> list[str]:
        run.go(lambda: (write(run.folder / "results"), run.end()()))
        assert run.code == 0
        names = [key.removeprefix(FOLDER) for key in store.keys(FOLDER)]
        written = [one["key"].removeprefix(FOLDER) for one in store.manifest()["written"]["objects"]]
        assert sorted(names) == sorted([*written, "claim.json", "manifest.json"])
        return written

    return end


def left_out(store) -> dict[str, str]:
    return store.manifest()["left_out"]


def test_links_out_of_the_folder_are_left_out_and_those_within_are_files(store, run, stored, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "secret").write_text("secret")

    def write(results) -> None:
        (results / "model-3.bin").write_text("model")
        (results / "sub").mkdir()
        (results / "sub" / "latest").symlink_to("../model-3.bin")
        (results / "passwd").symlink_to("/etc/passwd")
        (results / "relative").symlink_to("../../secret")
        (results / "folder").symlink_to(tmp_path / "folder")
        (results / "nothing").symlink_to("none")
        (results / "circle").symlink_to("circle")
        (results / "through").symlink_to("folder/secret")
        os.mkfifo(results / "pipe")

    assert stored(write) == ["model-3.bin", "sub/latest"]
    assert store.result(f"{FOLDER}sub/latest") == b"model"
    outside = "it is a link to outside of the folder"
    assert left_out(store) == {
        **dict.fromkeys(("folder", "passwd", "relative", "through"), outside),
        **dict.fromkeys(("nothing", "circle"), "it is a link to nothing"),
        "pipe": "it is no regular file",
    }
    assert any(f"The result passwd is left out: {outside}. The rest is stored." in line for line in run.lines)


def test_names_are_stored_as_they_are(store, stored):
    names = ["-rf", ".hidden", "_x", "a b", "a&b=c?#%41+", "ü/ü", "x" * 255, "line\nbreak", "'\"$(id)"]

    def write(results) -> None:
        (results / "ü").mkdir()
        (results / "empty").mkdir()
        for name in names:
            (results / name).write_text(name)

    assert sorted(stored(write)) == sorted(names)


def test_names_that_s3_cannot_have_are_left_out(store, run, stored):
    deep = "/".join(["x" * 250] * 5)

    def write(results) -> None:
        (results / deep).mkdir(parents=True)
        (results / deep / "a").touch()
        (results / os.fsdecode(b"\xff.bin")).touch()
        (results / "good").touch()

    assert stored(write) == ["good"]
    assert left_out(store) == {
        f"{deep}/a": "its key would be longer than 1024 bytes",
        "\udcff.bin": "its name is not UTF-8",
    }
    assert all(line.isprintable() for line in run.lines)


def test_the_names_of_pulse_are_refused_at_the_top_and_created_below(store, run, stored):
    def write(results) -> None:
        (results / "model").mkdir()
        for name in ("claim.json", "manifest.json", "model/manifest.json", "good"):
            (results / name).write_text("mine")

    assert stored(write) == ["good", "model/manifest.json"]
    assert left_out(store) == {"claim.json": OURS, "manifest.json": OURS}
    assert b"batch-1" in store.result(f"{FOLDER}claim.json")


def test_a_name_that_is_written_once_keeps_what_an_earlier_attempt_wrote(store, attempt):
    """The job's role denies to write it again."""
    for code, text in ((3, "first"), (0, "second")):
        run = attempt()
        run.go(
            lambda run=run, code=code, text=text: (run.write("results/a/claim.json", text), run.end(code)())
        )
        assert run.code == 0
    assert store.result(f"{FOLDER}a/claim.json") == b"first"
    assert store.manifest()["written"]["objects"] == []
    assert left_out(store) == {
        "a/claim.json": "a file of that name is written once, and with 67108864 bytes at most"
    }


def test_a_result_that_cannot_be_read_is_told(store, run, monkeypatch):
    """Root reads everything, so the refusal is made up."""
    opened = type(run.folder).open

    def refused(file, *arguments, **options):
        if file.name == "closed":
            raise PermissionError(13, "Permission denied")
        return opened(file, *arguments, **options)

    def train() -> None:
        run.write("results/closed")
        run.end()()
        monkeypatch.setattr("pathlib.Path.open", refused)

    run.go(train)
    monkeypatch.undo()
    assert (run.code, run.failed) == (73, 73)
    assert run.why.endswith(
        "results/closed cannot be read: Permission denied. Let the training leave it readable.\n"
    )
