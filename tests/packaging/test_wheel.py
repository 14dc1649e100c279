"""The wheel, installed where no checkout is near, has all that Alongside needs to run."""

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs a command of an environment that has the wheel, and from the developers' one only the libraries."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        wheel,
    ]
    subprocess.run(pip, check=True, stdin=subprocess.DEVNULL)
    [site] = environment.glob("lib/python*/site-packages")
    # The editable install there is a .pth file of its own, which a path added this way does not read.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"))

    def run(program: str, *arguments: str) -> str:
        done = subprocess.run(
            [environment / "bin" / program, *arguments],
            cwd=environment,
            env={"PATH": os.defpath, "HOME": str(environment), "ALONGSIDE_HOME": str(environment / "home")},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_it_has_every_template(contents: set[str]) -> None:
    templates = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "templates").rglob("*") if path.is_file()
    }
    assert templates
    assert {f"lti_tool/{name}" for name in templates} <= contents


def test_it_has_the_built_page_assets_and_not_their_sources(contents: set[str]) -> None:
    folder = ROOT / "lti_tool" / "static"
    newest, *_ = json.loads((folder / "builds.json").read_text())
    named = json.loads((folder / "manifest.json").read_text()).values()
    assert set(named) <= set(newest)
    static = {
        name.removeprefix("lti_tool/static/") for name in contents if name.startswith("lti_tool/static/")
    }
    assert static == {"manifest.json", *newest}, "what earlier builds left is not packed"
    assert not [name for name in contents if name.startswith("lti_tool/assets/")]


def test_one_from_the_source_distribution_has_the_same(
    contents: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("sdist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder), "--target"]
    subprocess.run([*command, "sdist"], cwd=ROOT, check=True, capture_output=True)
    [packed] = folder.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    [source] = (path for path in folder.iterdir() if path.is_dir())
    subprocess.run([*command, "wheel"], cwd=source, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        assert set(archive.namelist()) == contents


def test_it_has_every_migration(contents: set[str]) -> None:
    migrations = {
        path.relative_to(ROOT).as_posix()
        for package in ("lti_tool", "xapi")
        for path in (ROOT / package).glob("**/migrations/**/*")
        if path.suffix in {".py", ".mako"}
    }
    assert any("/versions/" in name for name in migrations)
    assert migrations <= contents


def test_it_has_nothing_of_the_tests_and_the_licence(contents: set[str]) -> None:
    assert {name.split("/")[0] for name in contents} == {
        "lti_tool",
        "xapi",
        "social_layer",
        "alongside-0.1.0.dist-info",
    }
    assert "alongside-0.1.0.dist-info/licenses/LICENSE" in contents


def test_its_code_is_used_and_not_the_checkouts(installed: Callable[..., str]) -> None:
    where = installed(
        "python", "-c", "import lti_tool, xapi, social_layer; print(lti_tool.__file__, xapi.__file__)"
    )
    assert str(ROOT) not in where


def test_its_command_runs(installed: Callable[..., str]) -> None:
    listed = installed("alongside", "--help")
    assert "serve" in listed
    assert "worker" in listed


def test_it_finds_its_templates_and_assets(installed: Callable[..., str]) -> None:
    found = installed(
        "python",
        "-c",
        "from lti_tool.paths import static_folder, templates_folder;"
        "print(templates_folder().is_dir(), (static_folder() / 'manifest.json').is_file())",
    )
    assert found.split() == ["True", "True"]


def test_it_sets_up_an_empty_database(installed: Callable[..., str], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    installed(
        "python",
        "-c",
        f"import os; os.environ['DATABASE_URL'] = {url!r}; from lti_tool.cli import main; main(['db', 'upgrade'])",
    )
    assert (tmp_path / "new.sqlite3").stat().st_size > 0
