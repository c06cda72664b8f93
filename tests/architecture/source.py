"""The desk's own source, for tests that read it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("tradingdesk", "quotes", "accounts", "orders", "risk", "settlement")


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, its text, its tree."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())


@cache
def sources(*packages: str) -> tuple[Source, ...]:
    """Every file of these packages (all of ours by default), without migrations."""
    folders = [ROOT / package for package in packages or PACKAGES]
    paths = sorted(path for folder in folders for path in folder.rglob("*.py") if "migrations" not in path.parts)
    return tuple(Source(str(path.relative_to(ROOT)), path.read_text()) for path in paths)


def functions(source: Source) -> Iterator[tuple[str, int]]:
    """Every function with its number of lines, decorators not counted."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{source.path}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or an attribute; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""
