"""How settings and workloads are put into words, on pages and on the command line."""

from __future__ import annotations

from collections.abc import Mapping

from claimbench.spec import Workload

__all__ = ["settings_words", "workload_words"]


def workload_words(load: Workload) -> str:
    """What a workload is, by its class's docstring, and its sizes; its `kind` where it has no docstring."""
    said = " ".join((type(load).__doc__ or "").split()).rstrip(".")
    settings = settings_words(load.model_dump(mode="json", exclude={"kind"} if said else None))
    return "; ".join(part for part in (said, settings) if part)


def settings_words(settings: Mapping[str, object]) -> str:
    """`name value` of each, separated by commas; an empty text reads "none", and what is not set is left out."""
    return ", ".join(f"{name} {_value(value)}" for name, value in settings.items() if value is not None)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return f"({settings_words(value)})"
    if isinstance(value, list | tuple):
        return " ".join(f"({_value(one)})" if isinstance(one, list | tuple) else _value(one) for one in value)
    return "none" if value == "" else str(value)
