"""The cloud as it is when new. Constants in directory.py; plant.py writes them into a store."""

from .plant import describe, plant

__all__ = ["describe", "plant"]
