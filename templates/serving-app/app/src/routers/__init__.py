"""What this app answers: yours. Every router in `routers` is served, behind auth and the limits of the core."""

from src.routers import generation
from src.routers.model import load

routers = [generation.router]

__all__ = ["load", "routers"]
