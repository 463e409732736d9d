#!/usr/bin/env bash
# Prints the Debian packages whose shared libraries BINARY loads, one a line: found, not listed by hand, so that a new dependency cannot
# be forgotten in an image. Run it where BINARY was built. Libraries that no package owns are an error.
#
# usage: docker/runtime-packages.sh BINARY
set -euo pipefail

libraries=$(ldd "$1")
if grep 'not found' <<<"$libraries"; then
  echo "$1: these libraries are not on this machine" >&2
  exit 42
fi
# dpkg knows a library by its own path: not by a link to it (libblas.so.3 is chosen by update-alternatives), nor through /lib, which is
# a link to /usr/lib, though the package may have put it in /lib.
awk '$2 == "=>" {print $3}' <<<"$libraries" | xargs -r realpath | sort -u | while read -r library; do
  dpkg-query -S "$library" 2>/dev/null || dpkg-query -S "${library#/usr}" || exit 1
done | sed 's/:.*//' | sort -u
