"""A release changes the image in a spec, and nothing else."""

from pathlib import Path

import pytest

from tools.propose_image import NotProposed, main, with_image

DIGEST = "sha256:" + "b" * 64
IMAGE = f"registry.example.com/words:2.0.0@{DIGEST}"
SPECS = """# A comment that stays
kind: Model
metadata: { name: words }
---
kind: ServingEndpoint # and this one
metadata: { name: other, project: ml }
spec:
  image: registry.example.com/words:1.0.0
---
kind: ServingEndpoint
metadata: { name: words, project: ml }
spec:
  image: "registry.example.com/words:1.0.0" # the image of now
  environments:
    prod: { image: 'registry.example.com/words:0.9.0' }
"""


def test_only_the_image_of_this_endpoint_is_another() -> None:
    before, after = SPECS.splitlines(), with_image(SPECS, IMAGE, "words").splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [
        ('  image: "registry.example.com/words:1.0.0" # the image of now', f"  image: {IMAGE} # the image of now")
    ]


def test_the_same_again_changes_nothing() -> None:
    once = with_image(SPECS, IMAGE, "words")
    assert with_image(once, IMAGE, "words") == once


@pytest.mark.parametrize(
    ("text", "image", "sentence"),
    [
        (SPECS, "registry.example.com/words:2.0.0", "is not pinned by its digest"),
        ("kind: Model", IMAGE, "the file has 0 documents of kind ServingEndpoint with the name words, not one"),
        (SPECS + "---\n" + SPECS, IMAGE, "the file has 2 documents"),
        ("kind: ServingEndpoint\nmetadata: { name: words }\nspec: {}", IMAGE, "has no spec.image"),
        ("a: [", IMAGE, "the file is no YAML"),
    ],
)
def test_what_cannot_be_proposed_is_told(text: str, image: str, sentence: str) -> None:
    with pytest.raises(NotProposed) as told:
        with_image(text, image, "words")
    assert sentence in str(told.value)


def test_a_spec_that_is_not_there_yet_begins_as_the_app_has_it(tmp_path: Path, capsys) -> None:
    begin = tmp_path / "endpoint.yaml"
    begin.write_text(SPECS)
    file = tmp_path / "specs" / "ml" / "words.yaml"
    words = [str(file), IMAGE, "--name", "words", "--new", str(begin)]
    assert [main(words), main(words)] == [0, 0]
    assert capsys.readouterr().out.split() == ["changed", "unchanged"]
    assert file.read_text() == with_image(SPECS, IMAGE, "words")


def test_without_a_file_it_says_so_and_ends_with_1(tmp_path: Path, capsys) -> None:
    assert main([str(tmp_path / "none.yaml"), IMAGE, "--name", "words"]) == 1
    assert "none.yaml" in capsys.readouterr().err
