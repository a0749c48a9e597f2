"""Do what the Dockerfile says, without Docker: its COPY and RUN lines, in a folder instead of an image.

Knows just the instructions our Dockerfile uses, and raises on any other. /venv and /build become folders
of the given root, the working directory its `src`. What the base image brings (`python`, `pip`) is the
interpreter that runs the tests. ENV is left out (it would switch off pip's cache), and nothing is compiled
ahead, to save time.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LEAVE_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")
MOVED = re.compile(r"(?<![\w./*-])/(venv|build)\b")


def instructions(dockerfile: Path) -> Iterator[tuple[str, str]]:
    """Yield each instruction with its words, comments gone and continued lines joined."""
    text = re.sub(r"^#.*\n", "", dockerfile.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, words = line.partition(" ")
            yield name, words.strip()


def build(project: Path, root: Path) -> Path:
    """Run the build and return the environment it made, `root/venv`. The project's folder is only read."""
    source = root / "src"
    source.mkdir(parents=True)
    base = _base_image(root / "base")
    for name, words in instructions(project / "Dockerfile"):
        match name:
            case "COPY" if not words.startswith("--from="):
                _copy(project, source, words)
            case "RUN" if not words.startswith("useradd"):
                _run(MOVED.sub(rf"{root}/\1", words), source, base)
            case "ARG" | "FROM" | "ENV" | "WORKDIR" | "USER" | "EXPOSE" | "CMD" | "COPY" | "RUN":
                pass
            case _:
                raise ValueError(f"the Dockerfile has learned {name}; teach this file too")
    return root / "venv"


def _base_image(folder: Path) -> Path:
    """Make the two commands that the base image has and the Dockerfile calls."""
    folder.mkdir()
    for name, words in {"python": "", "pip": "-m pip"}.items():
        command = folder / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        command.chmod(0o755)
    return folder


def _copy(project: Path, source: Path, words: str) -> None:
    *names, target = words.split()
    for name in names:
        origin = project / name
        if origin.is_dir():
            shutil.copytree(origin, source / target, ignore=LEAVE_OUT)
        else:
            (source / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(origin, source / target)


def _run(command: str, cwd: Path, base: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {
        "PATH": f"{base}:{os.environ['PATH']}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_COMPILE": "1",
    }
    done = subprocess.run(
        ["sh", "-euc", command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command}\n{done.stdout}\n{done.stderr}")
