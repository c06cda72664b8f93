"""Small files, small functions: where we look again is printed (`pytest -rP`), where we stop fails."""

import ast
from statistics import median

from tests.architecture.source import functions, sources

LOOK_AGAIN_FUNCTION, STOP_FUNCTION = 40, 70
LOOK_AGAIN_FILE, STOP_FILE = 250, 400
MEDIAN_FUNCTION, MEDIAN_FILE = 12, 140


def longest(sizes: dict[str, int], limit: int) -> list[str]:
    return [f"{size:4} {name}" for name, size in sorted(sizes.items(), key=lambda item: -item[1]) if size > limit]


def test_no_function_is_longer_than_we_can_look_at_once() -> None:
    sizes = {name: size for source in sources() for name, size in functions(source)}
    print("\n".join(longest(sizes, LOOK_AGAIN_FUNCTION)))
    assert longest(sizes, STOP_FUNCTION) == []
    assert median(sizes.values()) <= MEDIAN_FUNCTION


def test_no_file_is_longer_than_its_subject() -> None:
    sizes = {source.path: source.lines for source in sources()}
    print("\n".join(longest(sizes, LOOK_AGAIN_FILE)))
    assert longest(sizes, STOP_FILE) == []
    assert median(sizes.values()) <= MEDIAN_FILE


def test_every_module_and_public_function_of_the_services_says_what_must_be_true() -> None:
    silent = []
    for source in sources():
        if "/services/" not in source.path or not source.text.strip():
            continue
        public = [node for node in source.tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
        silent += [f"{source.path} {node.name}" for node in public if not ast.get_docstring(node)]
        silent += [] if ast.get_docstring(source.tree) else [source.path]
    assert silent == []
