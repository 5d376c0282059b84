"""How the file of a model becomes something that answers: yours. Here it is a table of words and those that may follow them."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WordPairs:
    following: dict[str, list[str]]

    def write(self, words: list[str], count: int, seed: int) -> Iterator[str]:
        """Words that may follow; the same seed gives the same ones."""
        chance = random.Random(seed)  # noqa: S311
        known = sorted(self.following)
        word = words[-1] if words else ""
        for _ in range(count):
            word = chance.choice(self.following.get(word) or known)
            yield word


def load(path: Path) -> WordPairs:
    """Called once, before the server listens. Whatever it raises ends the process with what it says."""
    document = json.loads(path.read_text("utf-8"))
    if document.get("format") != "word-pairs" or not document.get("next"):
        raise ValueError("this is no model of the format word-pairs")
    return WordPairs(document["next"])
