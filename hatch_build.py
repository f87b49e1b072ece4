"""Compiles the inner loops of words, of layout, of feeds, of matching and of choosing stories while the package is built or installed.

Where that cannot be done (no compiler, no headers of Python) the package is built without them, which is said: everything
works the same; matching takes three times as long, and choosing a story ten times, half a millisecond.
"""

from __future__ import annotations

from pathlib import Path
from sysconfig import get_config_var
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = (
    *(Path("monitor", room, "_native.c") for room in ("text", "match", "story")),
    Path("monitor", "text", "_layout.c"),
    Path("monitor", "sources", "_markup.c"),
)


class Compile(BuildHookInterface[Any]):
    """Puts each compiled module beside its source, for the build and for a working tree that is installed as it stands."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        for source in SOURCES:
            built = Path(self.root, source).with_suffix(str(get_config_var("EXT_SUFFIX")))
            built.unlink(missing_ok=True)
            try:
                compile_in(Path(self.root), source)
            except Exception as error:  # whatever a foreign compiler comes to: none of it is a reason not to install
                self.app.display_warning(f"{source} was not compiled, {source.parts[1]} will be slower: {error}")
                continue
            build_data["artifacts"].append(built.relative_to(self.root).as_posix())
            build_data["pure_python"] = False
            build_data["infer_tag"] = version != "editable"


def compile_in(root: Path, source: Path) -> None:
    """Compile the module whose ``source`` it is in the tree ``root``, in place. Whatever goes wrong is raised."""
    from setuptools import Distribution, Extension  # not there where nobody asked for the build's requirements
    from setuptools.command.build_ext import build_ext

    # The last -O counts; more than 2 made it slower where it was measured.
    module = ".".join(source.with_suffix("").parts)
    extension = Extension(module, [str(root / source)], extra_compile_args=["-O2"])
    command = build_ext(Distribution({"name": "news-monitor", "ext_modules": [extension], "package_dir": {"": str(root)}}))
    command.inplace = True
    command.build_temp = str(root / "build" / "temp")
    command.ensure_finalized()
    command.run()
