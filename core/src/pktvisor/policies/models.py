"""Taps and policies as a document spells them: one model is parser, validator and schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pktvisor.policies.errors import ConfigError, Path, shown
from pktvisor.policies.values import Value, check_name, kind_of, typed_map, typed_scalar

__all__ = [
    "WINDOW_KEYS",
    "Handlers",
    "Input",
    "MetricGroups",
    "Module",
    "Policy",
    "Sink",
    "Tap",
    "TapSelector",
    "ignored_keys",
]

WINDOW_KEYS = ("deep_sample_rate", "num_periods", "topn_count", "topn_percentile_threshold")

Name = Annotated[str, AfterValidator(check_name)]
Configurable = Annotated[dict[str, Any], BeforeValidator(typed_map)]


class _Envelope(BaseModel):
    """Keys that are not known are kept aside, to be warned about: the original ignores them."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Tap(_Envelope):
    """`visor.taps.NAME`: a way to reach a stream."""

    input_type: str = Field(description="the name of an input type, such as pcap")
    config: Configurable = Field({}, description="the settings of the input")
    tags: Configurable = Field({}, description="words that tap selectors match")

    @model_validator(mode="after")
    def _tags_are_scalars(self) -> Tap:
        for key, value in self.tags.items():
            if isinstance(value, dict | list):
                raise ConfigError(f"a tag must be a scalar, not {kind_of(value)}", ("tags", key))
        return self


class Sink(_Envelope):
    """`visor.sinks.NAME`: where finished buckets go."""

    sink_type: str = Field(description="the name of a sink type that is installed")
    config: Configurable = Field({}, description="the settings of the sink")


class TapSelector(BaseModel):
    """`tap_selector`: all taps that have any, or all, of these tags."""

    model_config = ConfigDict(frozen=True)

    mode: Literal["any", "all"]
    pairs: tuple[tuple[str, Value], ...]

    @model_validator(mode="before")
    @classmethod
    def _spelled(cls, value: Any) -> Any:
        """`{any: [{key: value}, …]}` as mode and pairs."""
        if not isinstance(value, dict):
            raise ConfigError(f"must be a map, not {kind_of(value)}")
        if set(value) not in ({"any"}, {"all"}):
            raise ConfigError(
                f"exactly one of the keys any and all is allowed, not {shown(', '.join(value))}"
            )
        (mode, items), *_ = value.items()
        if not isinstance(items, list):
            raise ConfigError(f"must be a sequence of tags, not {kind_of(items)}", (mode,))
        return {"mode": mode, "pairs": [_pair(item, (mode, n)) for n, item in enumerate(items)]}


class Input(_Envelope):
    """`input`: which tap or taps, and what is added to their settings."""

    input_type: str = Field(description="the input type of the tap")
    config: Configurable = Field({}, description="settings that win over those of the tap")
    filter: Configurable = Field({}, description="filters of the input")
    tap: str | None = Field(None, description="the name of a tap")
    tap_selector: TapSelector | None = Field(None, description="tags of taps")

    @model_validator(mode="after")
    def _one_way_to_name_taps(self) -> Input:
        if (self.tap is None) == (self.tap_selector is None):
            both = "not both" if self.tap is not None else "neither is there"
            raise ConfigError(f"exactly one of the keys tap and tap_selector is needed; {both}")
        return self


class MetricGroups(BaseModel):
    """`metric_groups`: which groups are switched on and off; `all` means every one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enable: list[str] = Field([], description="names of metric groups")
    disable: list[str] = Field([], description="names of metric groups")

    @model_validator(mode="after")
    def _says_something(self) -> MetricGroups:
        if not self.model_fields_set:
            raise ConfigError("at least one of the keys enable and disable is needed")
        return self


class Module(_Envelope):
    """One entry of `modules`: a stream handler, its version, settings, filters and groups."""

    type: str = Field(description="the name of a handler type, such as net")
    require_version: str = Field("1.0", description="a version of the handler, such as 2.0")
    config: Configurable = Field({}, description="the settings of the handler")
    filter: Configurable = Field({}, description="the filters of the handler")
    metric_groups: MetricGroups | None = Field(None, description="the groups to enable or disable")


class Handlers(_Envelope):
    """`handlers`: what is attached; a list of modules is a chain, a map runs side by side."""

    window_config: dict[str, Any] | None = Field(None, description="how time is kept")
    chained: bool = False
    modules: dict[Name, Module] = Field(description="handlers by name, or a list of them")

    @model_validator(mode="before")
    @classmethod
    def _spelled(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        value = dict(value)
        value.pop("chained", None)
        if isinstance(value.get("modules"), list):
            value["modules"] = _chain(value["modules"])
            value["chained"] = True
        if isinstance(value.get("window_config"), dict):
            value["window_config"] = _window(value["window_config"])
        elif "window_config" in value:
            value["window_config, which is no map"] = value.pop("window_config")
        return value

    @model_validator(mode="after")
    def _has_modules(self) -> Handlers:
        if not self.modules:
            raise ConfigError("no handler is there; needed is at least one", ("modules",))
        return self


class Policy(_Envelope):
    """`visor.policies.NAME`: an input, handlers on it, and how they keep time."""

    kind: str = Field(description="the kind of the policy, which is collection")
    description: Any = None
    input: Input = Field(description="the input stream configuration")
    handlers: Handlers = Field(description="the handler configuration")
    config: Configurable = Field({}, description="settings of the policy")

    @model_validator(mode="before")
    @classmethod
    def _is_a_collection(cls, value: Any) -> Any:
        kind = value.get("kind") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind != "collection":
            raise ConfigError(f"unknown kind {shown(kind)}; allowed is collection", ("kind",))
        return value

    @model_validator(mode="after")
    def _known_config(self) -> Policy:
        for key, value in self.config.items():
            if key != "merge_like_handlers":
                raise ConfigError("unknown key; allowed is merge_like_handlers", ("config", key))
            if not isinstance(value, bool):
                raise ConfigError(f"must be true or false, not {shown(value)}", ("config", key))
        return self

    @property
    def merge_like_handlers(self) -> bool:
        """Whether handlers with the same metrics are shown as one."""
        return bool(self.config.get("merge_like_handlers"))


def ignored_keys(model: BaseModel, path: Path) -> list[Path]:
    """Where a model holds keys that mean nothing."""
    found: list[Path] = [(*path, key) for key in model.model_extra or {}]
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            found += ignored_keys(value, (*path, name))
        elif isinstance(value, dict):
            for key, item in value.items():
                if isinstance(item, BaseModel):
                    found += ignored_keys(item, (*path, name, key))
    return found


def _pair(item: Any, path: Path) -> tuple[str, Value]:
    if not isinstance(item, dict) or len(item) != 1:
        raise ConfigError("exactly one key and value is allowed in each item", path)
    ((key, value),) = item.items()
    if not isinstance(value, str):
        raise ConfigError(f"a tag value must be a scalar, not {kind_of(value)}", (*path, key))
    return key, typed_scalar(value)


def _window(value: dict[str, Any]) -> dict[str, Value]:
    window = typed_map(value)
    for key, setting in window.items():
        if key not in WINDOW_KEYS:
            raise ConfigError(
                f"unknown key; allowed are {', '.join(WINDOW_KEYS)}", ("window_config", key)
            )
        if isinstance(setting, bool) or not isinstance(setting, int):
            raise ConfigError(f"must be an integer, not {shown(setting)}", ("window_config", key))
    return window


def _chain(items: list[Any]) -> dict[str, Any]:
    """Modules in order: `- name: {type: net}`, or with the type beside the name."""
    modules: dict[str, Any] = {}
    for index, item in enumerate(items):
        path = ("modules", index)
        if not isinstance(item, dict) or not item:
            raise ConfigError("needed is a map of one handler's name and settings", path)
        name, module = next(iter(item.items()))
        if name in modules:
            raise ConfigError(f"handler {shown(name)} is there twice", path)
        if len(item) > 1 and isinstance(item.get("type"), str) and name != "type":
            module = {**(module if isinstance(module, dict) else {}), "type": item["type"]}
        modules[name] = module
    return modules
