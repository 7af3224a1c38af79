"""Peer: pycdlib. ``python peer_pycdlib.py SOURCE OUTPUT [udf]``; it seeks backwards, so it cannot write to a pipe."""

from __future__ import annotations

import os
import sys

import pycdlib  # type: ignore[import-not-found]  # it lives in an environment of its own


def main(root: str, output: str, udf: str = "") -> None:
    """Make an image with Rock Ridge, Joliet and (with ``udf``) UDF."""
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, joliet=3, rock_ridge="1.09", udf="2.60" if udf else None)
    folders = 0
    files = 0
    pending = [(root, "", "")]
    while pending:
        folder, iso_folder, path = pending.pop()
        with os.scandir(folder) as listing:
            for entry in listing:
                names = {"rr_name": entry.name, "joliet_path": f"{path}/{entry.name}"}
                if udf:
                    names["udf_path"] = f"{path}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders += 1
                    iso.add_directory(f"{iso_folder}/D{folders:07d}", **names)
                    pending.append((entry.path, f"{iso_folder}/D{folders:07d}", f"{path}/{entry.name}"))
                elif entry.is_file(follow_symlinks=False):
                    files += 1
                    iso.add_file(entry.path, f"{iso_folder}/F{files:07d}.;1", **names)
    iso.write(output)
    iso.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
