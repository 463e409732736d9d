# shellcheck shell=bash
# What every test of deploy/ needs of the machine it runs on. Sourced, never run.

# Waits until COMMAND succeeds, asking four times a second; fails after LIMIT seconds. What COMMAND prints is dropped.
# usage: until_true LIMIT COMMAND [ARGUMENTS..]
until_true() {
  local limit=$1 start=$SECONDS
  shift
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS - start >= limit)); then
      echo "not true after $limit s: $*" >&2
      return 1
    fi
    sleep 0.25
  done
}

is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# Installs the Debian packages that this machine lacks. Needs root or sudo.
# usage: install_missing PACKAGE..
install_missing() {
  local missing=() package root=()
  for package in "$@"; do is_installed "$package" || missing+=("$package"); done
  if ((${#missing[@]} == 0)); then return; fi
  if ((EUID != 0)); then root=(sudo); fi
  echo "installing: ${missing[*]}"
  "${root[@]}" apt-get update -qq || return
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# A line that cannot be overlooked, and the exit code 77 that ctest counts as skipped.
# usage: skip REASON
skip() {
  printf '\n==== SKIPPED: %s ====\n\n' "$*"
  exit 77
}

# Makes a Debian 12 with nothing but what apt needs, in a new folder. Only root can.
# usage: bare_root CACHE ROOT   where CACHE keeps the downloaded packages for the next time
bare_root() {
  mkdir -p "$1"
  local cache place=$2
  cache=$(realpath "$1")
  debootstrap --variant=minbase --cache-dir="$cache" bookworm "$place" >"$place.log" 2>&1 || {
    tail -n 5 "$place.log" "$place/debootstrap/debootstrap.log"
    return 1
  }
  rm -f "$place.log"
  # No kept downloads, and no waiting for the disk after each package.
  rm -rf "$place"/var/cache/apt/archives/*.deb "$place"/var/lib/apt/lists/*
  echo force-unsafe-io >"$place/etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
  echo 'Acquire::Languages "none";' >"$place/etc/apt/apt.conf.d/docker-no-languages"
  # Security and point updates, so that it holds what the binaries were linked with.
  cp -r /etc/apt/sources.list.d/debian.sources "$place/etc/apt/sources.list.d/" 2>/dev/null && : >"$place/etc/apt/sources.list"
  return 0
}
