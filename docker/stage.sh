#!/usr/bin/env bash
# Copies nmn, nmn-learner and nmn-actor to a new folder and records beside each the Debian packages that it needs at run time, as
# NAME.packages. docker/Dockerfile calls it after compiling; called by hand, it makes images of what is already built:
#
#   docker/stage.sh build/release/bin build/stage
#   docker build --file=docker/Dockerfile --target=actor --build-arg=BINARIES=build/stage .
#
# usage: docker/stage.sh BINARIES FOLDER
set -euo pipefail

if (($# != 2)); then
  echo "usage: docker/stage.sh BINARIES FOLDER" >&2
  exit 42
fi
tool=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/runtime-packages.sh
rm -rf "$2"
mkdir -p "$2"
for name in nmn nmn-learner nmn-actor; do
  cp "$1/$name" "$2/$name"
  "$tool" "$2/$name" >"$2/$name.packages"
done
