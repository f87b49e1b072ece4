"""What is shipped beside the code: the configuration and its commented half, the unit, the container file, the Makefile,
the wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from monitor.match.native import COMPILED
from monitor.settings import Surroundings, load, show

ROOT = Path(__file__).parent.parent


def test_the_configuration_is_read_without_a_fault() -> None:
    loaded = load(ROOT / "deploy" / "monitor.yaml", around=Surroundings(environ={}, cwd=ROOT))
    assert loaded.settings.data_dir == ROOT / "var"
    assert loaded.settings.watchlists == ROOT / "watchlists"
    assert list(loaded.settings.sources) == ["samples"]
    assert list(loaded.settings.sinks) == ["log"]
    # The line beside every example names what it would be.
    assert {item.where for item in show(loaded) if item.name == "data_dir"} == {f"{ROOT}/deploy/monitor.yaml:7"}


def test_the_commented_half_is_right_too(tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "monitor.yaml").read_text(encoding="utf-8")
    # An example is a comment that is YAML: a key with its value, or an item of a list.
    uncommented, count = re.subn(r"^(\s+)# (?=- \{|[a-z_-]+: )", r"\1", text, flags=re.MULTILINE)
    assert count == 15
    (tmp_path / "monitor.yaml").write_text(uncommented, encoding="utf-8")
    settings = load(tmp_path / "monitor.yaml", around=Surroundings(environ={}, cwd=tmp_path)).settings
    assert list(settings.sources) == ["samples", "example-ar", "wire"]
    assert list(settings.sinks) == ["log", "desk", "chat", "pager", "mail", "logs", "pass-on", "feed", "matrix", "watch"]
    assert [route.digest for route in settings.routes] == [None, None, "0 8 * * 1-5", None]
    assert settings.routes[-1].tell == ("raised", "closed")
    assert settings.sinks["mail"].rate == "30/h"
    assert settings.fetch.user_agent_contact == "ops@example.org"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_unit_is_clean() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", str(ROOT / "deploy" / "monitor.service")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_container_file_copies_what_exists_and_is_not_root() -> None:
    text = (ROOT / "deploy" / "Containerfile").read_text()
    for line in text.splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
    assert "--require-hashes" in text
    assert re.search(r"^USER \d+$", text, re.MULTILINE)


def test_make_lists_its_targets_and_sets_up_nothing_for_it() -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        "help",
        "setup",
        "run",
        "test",
        "fuzz",
        "bench",
        "soak",
        "soak-sources",
        "lint",
        "clean",
    ]


def test_make_says_what_is_missing(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.txt", "pyproject.toml", "hatch_build.py"):
        shutil.copy(ROOT / name, tmp_path)
    bare = tmp_path / "bare-python"
    bare.write_text('#!/bin/sh\ncase "$2" in *venv*) exit 1;; esac\nexit 0\n')
    bare.chmod(0o755)
    done = subprocess.run(["make", "setup", f"PYTHON={bare}"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "apt-get install python3-venv" in done.stderr
    bare.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    done = subprocess.run(["make", "setup", f"PYTHON={bare}"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Python 3.11, 3.12 or 3.13 is needed" in done.stderr
    assert "Python 3.9.2" in done.stderr


def test_init_works_from_the_wheel_alone(tmp_path: Path) -> None:
    """Built, unpacked where no checkout is in reach, and run; libraries are borrowed from this environment."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("monitor", "watchlists", "seeds", "deploy"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(source)]
    built = subprocess.run(build, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    shutil.rmtree(source)
    # Where this environment could compile the inner loops, the wheel could too, and says what machine it is for.
    assert len(list(site.glob("monitor/*/_*.so"))) == (len(list(ROOT.glob("monitor/*/_*.c"))) if COMPILED else 0)
    assert wheel.stem.endswith("-none-any") is not COMPILED
    # -I -S: no checkout by way of the current folder, the environment or this environment's editable install.
    start = (
        f"import sys; sys.path[:0] = [{str(site)!r}, {sysconfig.get_path('platlib')!r}]; import monitor; "
        f"assert monitor.__file__.startswith({str(site)!r}); from monitor.cli import main; main()"
    )

    def program(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-S", "-c", start, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    done = program("init", "news")
    assert done.returncode == 0, done.stderr
    assert "cd news" in done.stdout
    matched = program("match", "news/seeds/001_f8682f4e741b8caa.txt")
    assert matched.returncode == 0, matched.stderr
    assert "Arms transfer" in matched.stdout
    checked = program("check", "--config", "news/monitor.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_without_a_compiler_everything_works() -> None:
    """As installed where nothing could be compiled: the modules are not there."""
    blocked = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith('monitor.') and name.endswith(('._native', '._layout', '._markup')):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from monitor.text.native import COMPILED as one\n"
        "from monitor.match.native import COMPILED as two\n"
        "from monitor.story.loops import COMPILED as three\n"
        "from monitor.text.loops import COMPILED as four\n"
        "from monitor.sources.native import COMPILED as five\n"
        "assert not any((one, two, three, four, five))\n"
        "import monitor.wiring, monitor.service.daemon\n"
        "from monitor.cli import main\n"
        "main(['match', 'seeds/001_f8682f4e741b8caa.txt'])\n"
    )
    done = subprocess.run([sys.executable, "-c", blocked], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Arms transfer" in done.stdout
