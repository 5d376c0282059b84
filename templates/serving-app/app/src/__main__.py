"""Starts the server: python -m src. What it is told stands in the environment (src/_core/settings.py)."""

import sys

from src._core.start import main
from src.routers import load, routers

if __name__ == "__main__":
    sys.exit(main(routers, load))
