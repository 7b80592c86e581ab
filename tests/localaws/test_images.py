"""The stand-in for Docker, called as the CDK calls it."""

import base64
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localaws import images
from localaws.images.dockerfile import DockerfileError, parse, substitute
from localaws.images.pip_lines import split
from localaws.layout import PACKAGE

DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.11
FROM python:${VERSION}-slim AS built
WORKDIR /build
COPY data.txt made/here.txt

FROM python:3.11-slim
ARG NAME=world
ENV GREETING="hello ${NAME}" \\
    MODE=${MODE:-plain}
WORKDIR /app
COPY --chown=1000 src/ ./src/
COPY --from=built /build/made/here.txt copied.txt
COPY ["data.txt", "./spaced name.txt"]
RUN useradd app && chown -R app /app
USER app
ENTRYPOINT ["python", "-m", "src.main"]
CMD ["--help"]
"""


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "asset.1"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.py").write_text("print('ran')")
    (folder / "data.txt").write_text("data")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return folder


@pytest.fixture
def docker(tmp_path):
    """`docker(word, …)` runs the executable with a root of its own."""

    def run(*words, cwd=tmp_path, said="secret", **variables):
        environment = {"PATH": os.environ["PATH"], "LOCALAWS_ROOT": str(tmp_path / "root"), **variables}
        command = [str(PACKAGE / "docker"), *words]
        return subprocess.run(
            command, cwd=cwd, env=environment, input=said, capture_output=True, text=True, check=False
        )

    return run


def found(tmp_path, tag):
    return images.find(tmp_path / "root", tag)


def test_an_image_holds_what_its_dockerfile_copies_and_says(context, docker, tmp_path):
    assert docker("inspect", "cdkasset-1").returncode == 1
    built = docker("build", "--tag", "cdkasset-1", "--platform", "linux/amd64", ".", cwd=context)
    assert built.returncode == 0, built.stderr
    assert "Skipped (nothing runs while an image is built here): RUN useradd app" in built.stderr
    assert docker("inspect", "cdkasset-1").returncode == 0

    image = found(tmp_path, "cdkasset-1")
    workdir = Path(image.workdir)
    assert sorted(str(path.relative_to(workdir)) for path in workdir.rglob("*") if path.is_file()) == [
        "copied.txt",
        "spaced name.txt",
        "src/main.py",
    ]
    assert image.entrypoint == ["python", "-m", "src.main"]
    assert image.cmd == ["--help"]
    assert image.env == {"GREETING": "hello world", "MODE": "plain"}
    assert (image.venv / "bin" / "python").exists()
    assert not list(image.venv.rglob("requests"))
    assert json.loads((image.path / "image.json").read_text())["workdir"] == "/app"

    # The context may change or go afterwards: the image is a copy.
    (context / "src" / "main.py").write_text("changed")
    assert (workdir / "src" / "main.py").read_text() == "print('ran')"


def test_build_arguments_file_and_target_are_honoured(context, docker, tmp_path):
    (context / "Other").write_text("FROM python:3.11 AS one\nARG A=1\nENV A=$A\nFROM one AS two\nENV A=2\n")
    built = docker(
        "build", "-t", "x", "-f", "Other", "--build-arg", "A=9", "--target", "one", ".", cwd=context
    )
    assert built.returncode == 0, built.stderr
    assert found(tmp_path, "x").env == {"A": "9"}


def test_pip_install_is_done_and_shared_by_content(context, docker, tmp_path):
    package = context / "package"
    package.mkdir()
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbackend-path = ["."]\nbuild-backend = "backend"\n'
    )
    # A wheel made by hand: no index and no build tool is needed.
    (package / "backend.py").write_text(BACKEND)
    (context / "Dockerfile").write_text(
        "FROM python:3.11-slim\nWORKDIR /app\nCOPY package package\n"
        "RUN pip install --no-cache-dir ./package\n"
    )
    assert docker("build", "-t", "one", ".", cwd=context).returncode == 0
    venv = found(tmp_path, "one").venv
    done = subprocess.run(
        [venv / "bin" / "python", "-c", "import throwaway"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (context / "Dockerfile").write_text((context / "Dockerfile").read_text() + "ENV A=1\n")
    assert docker("build", "-t", "two", ".", cwd=context).returncode == 0
    assert found(tmp_path, "two").venv == venv
    assert found(tmp_path, "two").id != found(tmp_path, "one").id


BACKEND = """
import zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "throwaway-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as wheel:
        info = "throwaway-1.dist-info"
        wheel.writestr("throwaway.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: throwaway\\nVersion: 1\\n")
        tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\\nGenerator: x\\n{tags}")
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""


@pytest.mark.parametrize(
    ("dockerfile", "message"),
    [
        ("FROM python:3.11\nCOPY gone.txt .\n", "line 2, COPY: gone.txt: there is no such file"),
        ("FROM python:3.11\nCOPY ../../../etc/passwd .\n", "there is no such file in the build context"),
        ("COPY a b\n", "the first instruction must be FROM"),
        ("FROM python:3.11\nFLY away\n", "line 2: 'FLY' is no instruction"),
        ("FROM python:3.11\nRUN pip install -r none.txt\n", "COPY it first"),
        ("FROM python:3.11\nRUN pip install --frobnicate x\n", "--frobnicate is not understood"),
        ("FROM python:3.11\nADD https://example.com/x .\n", "nothing is fetched here"),
        ("FROM python:3.11\nRUN <<EOF\nls\nEOF\n", "here-documents are not understood"),
        ("", "has no FROM"),
    ],
)
def test_what_cannot_be_built_is_an_error_that_names_the_line(context, docker, tmp_path, dockerfile, message):
    (context / "Dockerfile").write_text(dockerfile)
    built = docker("build", "-t", "x", ".", cwd=context)
    assert built.returncode == 1
    assert message in built.stderr
    assert "Traceback" not in built.stderr
    assert found(tmp_path, "x") is None
    assert list((tmp_path / "root" / "images" / "drafts").iterdir()) == []


@pytest.mark.parametrize("words", [["run", "x"], ["compose", "up"], ["pull", "x"], []])
def test_what_it_does_not_do_is_said(docker, words):
    done = docker(*words)
    assert done.returncode == 1
    assert "set CDK_DOCKER=docker to use the real one" in done.stderr


def test_builds_and_tags_at_the_same_time_do_not_clash(context, docker, tmp_path):
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda n: docker("build", "-t", f"tag-{n}", ".", cwd=context), range(6)))
    assert [one.returncode for one in done] == [0] * 6
    assert len({found(tmp_path, f"tag-{n}").id for n in range(6)}) == 1


def test_push_leaves_an_image_that_ecr_describes(context, docker, tmp_path, aws):
    aws.client("ecr").create_repository(repositoryName="cdk/assets")
    uri = "000000000000.dkr.ecr.us-east-1.amazonaws.com/cdk/assets:abc"
    login = docker("login", "--username", "AWS", "--password-stdin", "https://000000000000.dkr.ecr")
    assert login.returncode == 0
    assert docker("build", "-t", "cdkasset-1", ".", cwd=context).returncode == 0
    assert docker("tag", "cdkasset-1", uri).returncode == 0
    assert docker("tag", "unknown", uri).returncode == 1
    pushed = docker("push", uri, AWS_ENDPOINT_URL=aws.endpoint_url)
    assert "401" in pushed.stderr
    given = aws.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    docker(
        "login",
        "--username",
        "AWS",
        "--password-stdin",
        said=base64.b64decode(given).decode().removeprefix("AWS:"),
    )
    pushed = docker("push", uri, AWS_ENDPOINT_URL=aws.endpoint_url)
    assert pushed.returncode == 0, pushed.stderr
    wanted = [{"imageTag": "abc"}]
    (image,) = aws.client("ecr").describe_images(repositoryName="cdk/assets", imageIds=wanted)["imageDetails"]
    assert image["imageTags"] == ["abc"]
    assert found(tmp_path, uri).id == found(tmp_path, "cdkasset-1").id
    assert found(tmp_path, uri.upper()) is None


def test_push_without_an_endpoint_says_so(context, docker):
    docker("build", "-t", "x/y:z", ".", cwd=context)
    done = docker("push", "x/y:z")
    assert done.returncode == 1
    assert "there is nowhere to push to" in done.stderr


def test_variables_are_replaced_as_docker_does():
    known = {"A": "1", "EMPTY": ""}
    assert (
        substitute(r"$A ${A}b ${NO:-d} ${EMPTY:-e} ${A:+yes} ${NO:+no} \$A $NO.", known)
        == "1 1b d e yes  $A ."
    )


def test_a_shell_line_is_taken_apart():
    command = (
        "python -m pip install -U pip && apt-get update; uv pip install --system x || echo pip install no"
    )
    installs, others = split(command)
    assert installs == ["python -m pip install -U pip", "uv pip install --system x"]
    assert others == ["apt-get update", "echo pip install no"]


def test_continued_lines_and_comments_are_one_instruction():
    (_, run) = parse("FROM x\nRUN --mount=type=cache,target=/c a \\\n  # why\n\n  b \\\n  && c\n")
    assert (run.line, run.rest, run.flags) == (2, "a b && c", {"mount": "type=cache,target=/c"})
    with pytest.raises(DockerfileError, match="line 1"):
        parse("BOOM x")
