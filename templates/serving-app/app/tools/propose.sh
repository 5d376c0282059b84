#!/usr/bin/env bash
# Proposes the image of a release to the spec repository: one commit on a branch of its own, one pull request. Doing it again changes nothing.
# Usage: propose.sh <this app's folder> <clone of the spec repository>; reads NAME IMAGE TAG DIGEST RELEASE SPEC_PATH SPEC_REPOSITORY,
# and SPEC_REPOSITORY_TOKEN and GITHUB_API_URL to open it. At GitHub, Gitea and Forgejo alike.
set -euo pipefail
app="$1" specs="$2"
pinned="$IMAGE:$TAG@$DIGEST"
branch="release/$NAME-$TAG"
title="Serve $NAME $TAG"

grep -i '^pyyaml==' "$app/requirements-dev.txt" | xargs python -m pip install --quiet --disable-pip-version-check
said=$(python "$app/tools/propose_image.py" "$specs/$SPEC_PATH" "$pinned" --name "$NAME" --new "$app/deploy/endpoint.yaml")
if [ "$said" = unchanged ]; then
  echo "$SPEC_REPOSITORY serves $pinned already"
  exit 0
fi

cd "$specs"
base=$(git symbolic-ref --short HEAD)
git switch --quiet --create "$branch"
git add -- "$SPEC_PATH"
git -c user.name="$NAME" -c user.email="$NAME@users.noreply.github.com" commit --quiet --message "$title" --message "$RELEASE"
# What an earlier try left there is this very proposal.
git push --quiet --force origin "HEAD:refs/heads/$branch"
python "$app/tools/open_pull_request.py" "$SPEC_REPOSITORY" --base "$base" --head "$branch" --title "$title" \
  --body "Changes the image of \`$NAME\` to \`$pinned\`, of $RELEASE."
