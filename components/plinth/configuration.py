"""Read a stack's configuration into a settings model, and say what is wrong with it."""

import difflib
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

import pulumi
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .settings import Settings

Model = TypeVar("Model", bound=Settings)


class ConfigurationError(ValueError):
    """A stack's configuration is not valid; the message has a line for each thing to change."""


def read(model: type[Model], key: str = "stack", *, config: pulumi.Config | None = None) -> Model:
    """Read one structured configuration key, strictly: ``"2"`` is no number, ``1`` no boolean.

    Args:
        model: What the key may hold.
        key: The key, without its namespace.
        config: The namespace to read it from; the project's own unless given.

    Raises:
        ConfigurationError: The key is missing, or something in it is misspelt, of another type,
            or refused. Each line starts with the path of what is wrong.
    """
    config = config or pulumi.Config()
    name = f"{config.name}:{key}"
    text = config.get(key)
    if text is None:
        msg = f"{name} is missing: add it to Pulumi.{pulumi.get_stack()}.yaml, under config"
        raise ConfigurationError(msg)
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ConfigurationError(explain(error, model, name)) from None


def explain(error: ValidationError, model: type[BaseModel], name: str) -> str:
    """Put a validation error in lines of ``path: what to change``."""
    lines = [f"{_path(name, e['loc'])}: {_words(e, model)}" for e in error.errors()]
    return "\n".join(lines)


def _path(name: str, location: tuple[int | str, ...]) -> str:
    return name + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)


def _words(error: ErrorDetails, model: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        return _unknown(str(error["loc"][-1]), _model_at(model, error["loc"][:-1]))
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    message = error["msg"][0].lower() + error["msg"][1:]
    given = error["input"]
    if error["type"] == "missing" or isinstance(given, dict | list):
        return message
    if error["type"] == "tuple_type" and isinstance(given, str):
        message = f"needs a list, such as [{', '.join(given.split())}]"
    return f"{message}, and it is {given!r}"


def _unknown(key: str, model: type[BaseModel] | None) -> str:
    fields = list(model.model_fields) if model else []
    close = difflib.get_close_matches(key, fields, n=1)
    if close:
        return f"there is no such setting: did you mean {close[0]!r}?"
    return f"there is no such setting: remove it, or use one of {', '.join(fields)}"


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Find the model at a path; items of a list or mapping count as their kind of model."""
    here: type[BaseModel] | None = model
    for part in location:
        field = here.model_fields.get(str(part)) if here else None
        if field is not None:
            here = next(_models_in(field.annotation), None)
    return here


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
