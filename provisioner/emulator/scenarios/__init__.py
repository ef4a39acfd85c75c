"""Scenarios: a cloud in a named condition, from a YAML file, the same each time it is begun.

Three come with the emulator, beside this module. load.py reads and checks a file, plant.py makes the cloud so.
"""

from .load import BrokenScenarioError, Problem, problems, read, shipped

__all__ = ["BrokenScenarioError", "Problem", "problems", "read", "shipped"]
