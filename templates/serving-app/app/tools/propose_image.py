"""
Changes the image in the spec of a serving endpoint, and nothing else in its file: comments and layout stay as they are.

python tools/propose_image.py <file in the spec repository> <image with digest> --name <endpoint> [--new <file to begin with>]
Prints `changed` or `unchanged`. Ends with 1, and a line that says why, where the file has no such endpoint.
"""

import argparse
import re
import sys
from pathlib import Path

import yaml

PINNED = re.compile(r"[a-z0-9][A-Za-z0-9._:/-]*@sha256:[0-9a-f]{64}")


class NotProposed(Exception):
    """Why there is nothing to propose; a person has to look."""


def with_image(text: str, image: str, name: str) -> str:
    """The text with another image. Raises NotProposed when it has no endpoint of this name, or more than one."""
    if not PINNED.fullmatch(image):
        raise NotProposed(f"{image} is not pinned by its digest (name@sha256:…)")
    try:
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise NotProposed(f"the file is no YAML: {error}") from error
    endpoints = [
        one for one in documents if scalar(one, "kind") == "ServingEndpoint" and scalar(one, "metadata", "name") == name
    ]
    if len(endpoints) != 1:
        raise NotProposed(
            f"the file has {len(endpoints)} documents of kind ServingEndpoint with the name {name}, not one"
        )
    node = child(endpoints[0], "spec", "image")
    if not isinstance(node, yaml.ScalarNode):
        raise NotProposed(f"the endpoint {name} has no spec.image to change")
    return f"{text[: node.start_mark.index]}{image}{text[node.end_mark.index :]}"


def child(node: yaml.Node | None, *keys: str) -> yaml.Node | None:
    for key in keys:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for name, value in node.value if name.value == key), None)
    return node


def scalar(node: yaml.Node | None, *keys: str) -> str | None:
    found = child(node, *keys)
    return found.value if isinstance(found, yaml.ScalarNode) else None


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Changes the image in the spec of a serving endpoint.")
    parser.add_argument("file", type=Path)
    parser.add_argument("image")
    parser.add_argument("--name", required=True)
    parser.add_argument("--new", type=Path, help="what the file begins as where there is none yet")
    asked = parser.parse_args(words)
    is_new = asked.new is not None and not asked.file.exists()
    try:
        before = (asked.new if is_new else asked.file).read_text("utf-8")
        after = with_image(before, asked.image, asked.name)
    except (OSError, UnicodeDecodeError, NotProposed) as error:
        print(f"{asked.file}: {error}", file=sys.stderr)
        return 1
    if is_new or after != before:
        asked.file.parent.mkdir(parents=True, exist_ok=True)
        asked.file.write_text(after, "utf-8")
    print("changed" if is_new or after != before else "unchanged")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
