"""Lists the sub-packages of the four mapped folders; everything else is in pyproject.toml."""

from setuptools import find_packages, setup

ROOTS = {
    "claimbench": "claims",
    "claimbench.impls": "impls",
    "claimbench.kernels": "kernels",
    "claimbench.reports": "reports",
}

setup(
    packages=[
        name for root, folder in ROOTS.items() for name in (root, *(f"{root}.{sub}" for sub in find_packages(folder)))
    ]
)
