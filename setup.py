"""Only what pyproject.toml cannot say: `schemas/` lies at the top, for editors, and travels in the wheel."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["provisioner*"]), "provisioner.schemas"],
    package_dir={"provisioner.schemas": "schemas"},
)
