#!/usr/bin/env bash
# Prints the Debian packages whose shared libraries BINARY loads, one a line: found, not listed by hand, so that a new dependency cannot
# be forgotten in an image. Run it where BINARY was built. A library that no package owns is an error.
#
# usage: docker/runtime-packages.sh BINARY
set -euo pipefail

libraries=$(ldd "$1")
if grep 'not found' <<<"$libraries" >&2; then
  echo "$1: these libraries are not on this machine" >&2
  exit 42
fi
# dpkg knows a library by its own path: not by a link to it (libblas.so.3 is chosen by update-alternatives), nor through /lib, which is
# a link to /usr/lib, though the package may have put it in /lib. So both are asked for, and all at once: each call reads every list.
paths=$(awk '$2 == "=>" {print $3}' <<<"$libraries" | xargs -r realpath | sort -u)
owners=$(sed 'p; s|^/usr||' <<<"$paths" | xargs dpkg-query -S 2>/dev/null) || true
awk -F ': ' '
  NR == FNR { sub(/:.*/, "", $1); owner[$2] = $1; next }
  { short = $0; sub("^/usr", "", short) }
  $0 in owner { print owner[$0]; next }
  short in owner { print owner[short]; next }
  { print $0 ": no package owns it" > "/dev/stderr"; failed = 1 }
  END { exit failed ? 42 : 0 }' <(echo "$owners") <(echo "$paths") | sort -u
