"""A file as a plain tree of mappings, lists, text, true, false and null, from JSON or YAML. Pure but for reading the file.

Numbers stay the text they were written as (`Plain`): nothing passes through a float. Plain words follow JSON: `true`, `false`, `null` (and `~`); `yes`, `on`,
`14:59:30` and `2026-10-30` are text. Refused: duplicate keys, anchors, aliases, tags, several documents, and what no honest file needs (size, depth).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from tradingdesk.desk.scenario.errors import ScenarioError, shown

MOST_BYTES = 5_000_000  # some fifty thousand steps
DEEPEST = 20  # the format itself needs six
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
WORDS: dict[str, Any] = {"true": True, "True": True, "false": False, "False": False, "null": None, "Null": None, "~": None, "": None}
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Plain(str):
    """A number as it was written, without quotes."""

    __slots__ = ()


def read_tree(file: Path) -> Any:
    """The file's content; raises ScenarioError (no such file, not readable, too large, not text, not JSON or YAML), in this order."""
    text = _text(file)
    return (
        _json(text) if file.suffix.lower() == ".json" or (file.suffix.lower() not in {".yaml", ".yml"} and text.lstrip()[:1] == "{") else _yaml(text)
    )


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ScenarioError("", "there is no such file", "a scenario file in JSON or YAML") from None
    except (OSError, ValueError) as error:
        raise ScenarioError("", f"the file cannot be read ({getattr(error, 'strerror', None) or error})", "a scenario file in JSON or YAML") from None
    if len(content) > MOST_BYTES:
        raise ScenarioError("", "the file is too large", f"at most {MOST_BYTES:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError("", f"byte {error.start} is not UTF-8", "a text file in JSON or YAML") from None
    if "\x00" in text:
        raise ScenarioError("", "the file holds zero bytes", "a text file in JSON or YAML")
    return text


def _json(text: str) -> Any:
    try:
        tree = json.loads(text, parse_int=Plain, parse_float=Plain, parse_constant=_refuse_constant, object_pairs_hook=_mapping)
    except json.JSONDecodeError as error:
        raise ScenarioError(f"line {error.lineno}", f"not JSON ({error.msg.lower()})") from None
    except RecursionError:
        raise ScenarioError("", "too many levels", f"at most {DEEPEST}") from None
    _check_depth(tree)
    return tree


def _refuse_constant(word: str) -> NoReturn:
    raise ScenarioError("", f"{word} is not a number", "decimal numbers")


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        names = [name for name, _ in pairs]
        raise ScenarioError("", f"{shown(next(name for name in names if names.count(name) > 1))} appears twice in one mapping", "each field once")
    return mapping


def _check_depth(tree: Any, depth: int = 1) -> None:
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    if children and depth > DEEPEST:
        raise ScenarioError("", "too many levels", f"at most {DEEPEST}")
    for child in children:
        _check_depth(child, depth + 1)


def _yaml(text: str) -> Any:
    try:
        tree = _Builder().build(yaml.parse(text, Loader=LOADER))
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ScenarioError(line, f"not YAML ({error.problem or error.context})") from None
    except yaml.YAMLError as error:
        raise ScenarioError("", f"not YAML ({error})", "a text file in JSON or YAML") from None
    return tree


class _Builder:
    """Builds the tree out of the parser's events, and refuses what would make it more than a tree."""

    def __init__(self) -> None:
        self._open: list[Any] = []  # mappings and lists being filled, outermost first
        self._keys: list[Any] = []  # of each open mapping: the key whose value comes next
        self._documents = 0
        self._root: Any = None

    def build(self, events: Iterator[yaml.Event]) -> Any:
        for event in events:
            self._take(event, event.start_mark.line + 1 if event.start_mark else 0)
        if not self._documents:
            raise ScenarioError("", "the file is empty", "a mapping with name, instruments, accounts and steps")
        return self._root

    def _take(self, event: yaml.Event, line: int) -> None:
        _refuse_references(event, line)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise ScenarioError(f"line {line}", "a second document begins", "one document")
        elif isinstance(event, yaml.ScalarEvent):
            self._place(_scalar(event), line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._begin({} if isinstance(event, yaml.MappingStartEvent) else [], line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._open.pop()
            self._keys.pop()

    def _begin(self, container: Any, line: int) -> None:
        if len(self._open) >= DEEPEST:
            raise ScenarioError(f"line {line}", "too many levels", f"at most {DEEPEST}")
        self._place(container, line)
        self._open.append(container)
        self._keys.append(None)

    def _place(self, value: Any, line: int) -> None:
        if not self._open:
            self._root = value
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = self._key(value, line)
        else:
            self._open[-1][self._keys[-1]], self._keys[-1] = value, None

    def _key(self, value: Any, line: int) -> str:
        if not isinstance(value, str):
            raise ScenarioError(f"line {line}", f"{shown(value)} is not the name of a field", "text")
        if value in self._open[-1]:
            raise ScenarioError(f"line {line}", f"{shown(value)} appears twice in one mapping", "each field once")
        return str(value)


def _refuse_references(event: yaml.Event, line: int) -> None:
    anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
    if anchor:
        raise ScenarioError(f"line {line}", f"anchors and aliases ({shown(anchor)}) are not read", "each value written out")
    if tag:
        raise ScenarioError(f"line {line}", f"tags ({shown(tag)}) are not read", "plain values")


def _scalar(event: yaml.ScalarEvent) -> Any:
    is_plain = event.implicit[0] and not event.style
    if is_plain and event.value in WORDS:
        return WORDS[event.value]
    return Plain(event.value) if is_plain and NUMBER.fullmatch(event.value) else event.value
