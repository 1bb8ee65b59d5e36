"""A whole document: its taps, policies and global settings, checked each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from pktvisor.policies.errors import ConfigError, Path, dotted, shown, within
from pktvisor.policies.loading import Loaded, load
from pktvisor.policies.models import Policy, Sink, Tap, ignored_keys
from pktvisor.policies.values import check_name, kind_of, typed_map

__all__ = ["Document", "parse_document", "parse_model", "parse_one"]

VERSION = "1.0"
SECTIONS = ("config", "taps", "global_handler_config", "policies", "sinks")

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """What a document says.

    `options` are the keys of `visor.config`, which is for the daemon; `warnings` say in one line
    each which keys mean nothing.
    """

    taps: Mapping[str, Tap] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    global_handler_config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sinks: Mapping[str, Sink] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    loaded: Loaded = field(default_factory=lambda: Loaded({}, {}), repr=False)


def parse_document(data: bytes | str) -> Document:
    """Read a configuration file. Raises ConfigError with the path and line of what is wrong."""
    loaded = load(data)
    try:
        return _document(loaded)
    except ConfigError as error:
        error.line = loaded.line(error.path)
        raise


def _document(loaded: Loaded) -> Document:
    visor = _visor(loaded)
    for section in ("taps", "global_handler_config", "policies", "sinks"):
        if section in visor and not isinstance(visor[section], dict):
            raise ConfigError(f"must be a map, not {kind_of(visor[section])}", ("visor", section))
    ignored: list[Path] = [("visor", key) for key in visor if key not in SECTIONS]
    taps = _models(Tap, "tap", visor.get("taps", {}), ("visor", "taps"), ignored)
    settings = {}
    for kind, value in visor.get("global_handler_config", {}).items():
        with within(("visor", "global_handler_config", kind)):
            settings[kind] = typed_map(value)
    policies = _models(Policy, "policy", visor.get("policies", {}), ("visor", "policies"), ignored)
    sinks = _models(Sink, "sink", visor.get("sinks", {}), ("visor", "sinks"), ignored)
    options = visor["config"] if isinstance(visor.get("config"), dict) else {}
    return Document(taps, policies, settings, sinks, options, _ignored(ignored), loaded)


def parse_one(data: bytes | str, section: Literal["taps", "policies"]) -> Document:
    """Read the body of a request, which holds exactly one tap or one policy."""
    loaded = load(data)
    visor = _visor(loaded)
    path = ("visor", section)
    found = visor.get(section)
    if not isinstance(found, dict) or not found:
        raise ConfigError(f"no {section} are there; needed is a map with one", path)
    if len(found) != 1:
        raise ConfigError(f"only one is allowed in a request, not {len(found)}", path)
    warnings: list[Path] = [("visor", key) for key in visor if key != section]
    if section == "taps":
        taps = _models(Tap, "tap", found, path, warnings)
        return Document(taps=taps, warnings=_ignored(warnings), loaded=loaded)
    policies = _models(Policy, "policy", found, path, warnings)
    return Document(policies=policies, warnings=_ignored(warnings), loaded=loaded)


def _visor(loaded: Loaded) -> dict[str, Any]:
    value = loaded.value
    if not isinstance(value, dict) or "visor" not in value:
        raise ConfigError("invalid schema: needed is a map with the key visor")
    version = value.get("version", VERSION)
    if version != VERSION:
        said = shown(version) if isinstance(version, str) else kind_of(version)
        raise ConfigError(f"version {said} is not supported; allowed is '{VERSION}'", ("version",))
    visor = value["visor"]
    if not isinstance(visor, dict):
        raise ConfigError(f"invalid schema: must be a map, not {kind_of(visor)}", ("visor",))
    return visor


def parse_model(kind: type[ModelT], value: Any, path: Path = ()) -> ModelT:
    """A tap or policy from a loaded value. Raises ConfigError with the place under `path`."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise _first(error, kind, path) from None


def _models(
    kind: type[ModelT], word: str, values: dict[str, Any], path: Path, ignored: list[Path]
) -> dict[str, ModelT]:
    result = {}
    for name, value in values.items():
        place = (*path, name)
        with within(place):
            check_name(name)
        if not isinstance(value, dict):
            raise ConfigError(f"{word} configuration map expected, not {kind_of(value)}", place)
        model = parse_model(kind, value, place)
        ignored += ignored_keys(model, place)
        result[name] = model
    return result


def _first(error: ValidationError, kind: type[BaseModel], path: Path) -> ConfigError:
    """The first problem pydantic found, with its full path and in our words."""
    problem = error.errors(include_url=False)[0]
    location: Path = tuple(part for part in problem["loc"] if part != "[key]")
    cause = problem.get("ctx", {}).get("error")
    if isinstance(cause, ConfigError):
        return cause.under((*path, *location))
    needed = _description(kind, location)
    needed = f"; needed is {needed}" if needed else ""
    if problem["type"] == "missing":
        return ConfigError(f"missing{needed}", (*path, *location))
    if problem["type"] == "extra_forbidden":
        return ConfigError("unknown key", (*path, *location))
    found = problem["input"]
    is_known = isinstance(found, dict | list | str | bool | int)
    what = kind_of(found) if is_known else shown(found)
    return ConfigError(f"invalid: must not be {what}{needed}", (*path, *location))


def _description(kind: type[BaseModel], location: Path) -> str:
    """What a model's field says of itself, along a location."""
    text = ""
    model: Any = kind
    for part in location:
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            continue
        text = fields[part].description or ""
        model = _model_in(fields[part].annotation)
    return text


def _model_in(annotation: Any) -> Any:
    """The model an annotation names, itself, in a union, or as the values of a map."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        model = _model_in(part)
        if model is not None:
            return model
    return None


def _ignored(paths: list[Path]) -> tuple[str, ...]:
    return tuple(f"{dotted(path)}: unknown key, ignored" for path in paths)
