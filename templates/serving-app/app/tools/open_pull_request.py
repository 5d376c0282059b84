"""
Opens a pull request from a branch of a repository, or finds the one that is open already; at GitHub, Gitea or Forgejo.

python tools/open_pull_request.py <owner/repository> --head <branch> --base <branch> --title <title> --body <text>
Reads SPEC_REPOSITORY_TOKEN, and GITHUB_API_URL as workflows of all three have it. Prints the address of the pull request.
Ends with 1, and a line that says why, where the forge refuses.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any

SECONDS = 20
PAGES_MAX = 30


class Refused(Exception):
    """What the forge answered; a person has to look."""


class Forge:
    """The pull requests of one repository."""

    def __init__(self, api: str, repository: str, token: str) -> None:
        self.pulls = f"{api.rstrip('/')}/repos/{repository}/pulls"
        self.token = token

    def find(self, head: str, base: str) -> str | None:
        """The address of the open pull request. Forges differ in the filters that they know, so all that are open are looked through."""
        for page in range(1, PAGES_MAX + 1):
            found = self.ask("GET", f"{self.pulls}?state=open&page={page}&per_page=100&limit=100")
            for pull in found:
                is_own = (pull["head"].get("repo") or {}).get("id") == pull["base"]["repo"]["id"]
                if is_own and pull["head"]["ref"] == head and pull["base"]["ref"] == base:
                    return pull["html_url"]
            if not found:
                return None
        return None

    def open(self, **wanted: str) -> str:
        return self.ask("POST", self.pulls, wanted)["html_url"]

    def ask(self, method: str, url: str, body: dict[str, str] | None = None) -> Any:
        # The forge's own address, which the workflow gives.
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(url, method=method, data=data)  # noqa: S310
        request.add_header("Authorization", f"token {self.token}")
        request.add_header("Accept", "application/json")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Refused(f"{method} {url.split('?')[0]} answers with status {error.code}") from error
        except (OSError, ValueError) as error:
            raise Refused(f"{method} {url.split('?')[0]} gives no answer: {type(error).__name__}") from error


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Opens a pull request, or finds the one that is open.")
    parser.add_argument("repository")
    for name in ("head", "base", "title", "body"):
        parser.add_argument(f"--{name}", required=True)
    asked = parser.parse_args(words)
    api = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
    forge = Forge(api, asked.repository, os.environ.get("SPEC_REPOSITORY_TOKEN", ""))
    try:
        known = forge.find(asked.head, asked.base)
        wanted = {"head": asked.head, "base": asked.base, "title": asked.title, "body": asked.body}
        print(f"proposed already: {known}" if known else f"proposed: {forge.open(**wanted)}")
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
