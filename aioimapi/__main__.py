"""``python -m aioimapi``: the same as the command ``aioimapi``."""

from __future__ import annotations

from aioimapi.cli import main

if __name__ == "__main__":
    main()
