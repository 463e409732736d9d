#!/usr/bin/env bash
# The Debian packages, written by `make deb`: lintian finds no error, and systemd none in their units. They are installed with apt in a
# bare Debian 12, train there, and are purged; then nothing is left of them. Runs the blocks of docs/packages.md.
#
# usage: packages_test.sh BUILD
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$here/machine.sh"
build=$(realpath "$1")
checkout=$(realpath "$here/../..")
packages=$build/packages

((EUID == 0)) || skip "the packages are not tried: only root can make a bare Debian"
install_missing debootstrap lintian systemd

scratch=$(mktemp -d /tmp/nmn-packages.XXXXXX)
root=$scratch/root
clean_up() {
  for folder in proc dev var/cache/apt/archives; do umount -l "$root/$folder" 2>/dev/null || true; done
  rm -rf --one-file-system "$scratch"
}
trap clean_up EXIT
trap 'exit 143' TERM

fail() {
  echo "$*" >&2
  exit 1
}
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
# Runs a block of docs/packages.md in the bare Debian, or with `here` in the checkout.
run_block() {
  local name=$1 block
  block=$(python3 "$here/blocks.py" "$name")
  if [[ ${2:-} == here ]]; then
    (cd "$checkout" && bash -euo pipefail -c "$block") >"$scratch/$name.log" 2>&1
  else
    inside bash -euo pipefail -c "cd /root; $block" >"$scratch/$name.log" 2>&1
  fi || { tail -n 30 "$scratch/$name.log"; fail "$name: failed"; }
  echo "$name: done"
}

rm -f "$packages"/*.deb
run_block packages-written here
debs=("$packages"/*.deb)
((${#debs[@]} == 4)) || fail "not four packages: ${debs[*]}"

lintian --allow-root --fail-on error,warning "${debs[@]}" || fail "lintian finds faults"
echo "lintian: no error and no warning"

bare_root "$build/tests/debootstrap" "$root"
mkdir -p "$build/tests/apt"
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind "$build/tests/apt" "$root/var/cache/apt/archives"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cat >"$root/etc/apt/apt.conf.d/test" <<'APT'
APT::Get::Assume-Yes "true";
APT::Install-Recommends "false";
APT::Keep-Downloaded-Packages "true";
Dpkg::Use-Pty "false";
APT
inside apt-get update -qq
mkdir -p "$root/root/build/release/packages"
cp "${debs[@]}" "$root/root/build/release/packages"

# All that is there but what apt, dpkg and those that add users keep for themselves.
files() { (cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./root -o -path ./run -o -path ./etc/gshadow- -o -path ./etc/group- -o -path ./etc/passwd- -o -path ./etc/shadow- -o -path ./var/cache -o -path ./var/lib/apt -o -path ./var/lib/dpkg -o -path ./var/log \) -prune -o -print | sort); }
files >"$scratch/before"

run_block actor-installed
inside nmn-actor --help >/dev/null
if inside dpkg-query -W -f '${Package}\n' | grep -i torch; then fail "nmn-actor brings LibTorch"; fi
[[ -s $root/usr/share/man/man1/nmn-actor.1.gz && -s $root/usr/share/bash-completion/completions/nmn-actor ]] || fail "nmn-actor: no manual page, or no completion"

run_block all-installed
inside bash -c 'dpkg --verify nmn nmn-actor nmn-learner nmn-dev' | grep . && fail "files are not as the packages have them"
inside nmn version >"$scratch/version" || fail "nmn version: $(cat "$scratch/version")"
for shell in bash-completion/completions/nmn zsh/vendor-completions/_nmn fish/vendor_completions.d/nmn.fish; do
  [[ -s $root/usr/share/$shell ]] || fail "no completion $shell"
done

# One process, and a learner and an actor, as the units call them: the same weights.
run_block trained
inside bash -euo pipefail -c '
  cd /root
  mkdir -p /etc/nmn
  nmn train --benchmark=b1 --seed=1 --updates=2 --print_config >/etc/nmn/b1.textproto
  NMN_LISTEN=127.0.0.1:50061 NMN_METRICS=off nmn-learner --config=/etc/nmn/b1.textproto --run_dir=/var/lib/nmn/b1 --resume &
  NMN_LEARNER=127.0.0.1:50061 NMN_METRICS=off nmn-actor
  wait $!' >"$scratch/apart.log" 2>&1 || { tail -n 20 "$scratch/apart.log"; fail "learner and actor failed"; }
hash_of() { grep -o '"weights_sha256": *"[0-9a-f]*"' "$1"; }
[[ -n $(hash_of "$root/root/runs/b1/summary.json") && $(hash_of "$root/root/runs/b1/summary.json") == $(hash_of "$root/var/lib/nmn/b1/summary.json") ]] ||
  fail "other weights in several processes than in one"
echo "trained: the same weights in one process and in two"

# A task in C, compiled here against the files of nmn-dev.
cmake -S "$root/usr/share/doc/nmn-dev/examples/plugin" -B "$scratch/plugin" -DCMAKE_PREFIX_PATH="$root/usr" >"$scratch/plugin.log" 2>&1 &&
  cmake --build "$scratch/plugin" >>"$scratch/plugin.log" 2>&1 || { tail -n 20 "$scratch/plugin.log"; fail "find_package(nmn) does not find nmn-dev"; }

# Units: nothing unknown in them, and little that a service may do which these need not.
units=("$root/usr/lib/systemd/system/nmn-actor@.service" "$root/usr/lib/systemd/system/nmn-learner@.service")
for unit in "${units[@]}"; do
  # verify looks for the programs and the pages on this machine.
  sed "s|^ExecStart=|&$root/usr/bin/|; /^Documentation=/d" "$unit" >"$scratch/$(basename "$unit")"
  said=$(systemd-analyze verify "$scratch/$(basename "$unit")" 2>&1) && [[ -z $said ]] || fail "$unit: $said"
  systemd-analyze security --offline=yes --threshold=15 "$scratch/$(basename "$unit")" >"$scratch/security" 2>&1 || { tail -n 30 "$scratch/security"; fail "$unit: too open"; }
  tail -n 1 "$scratch/security"
done
sed "s|^SystemCallFilter=@system-service|NoSuchSetting=1|; s|^ExecStart=|&$root/usr/bin/|; /^Documentation=/d" "${units[0]}" >"$scratch/wrong@.service"
systemd-analyze verify "$scratch/wrong@.service" 2>&1 | grep -q NoSuchSetting || fail "systemd-analyze does not notice an unknown setting"

rm -rf "$root/var/lib/nmn/b1" "$root/etc/nmn/b1.textproto"
run_block purged
files >"$scratch/after"
left=$(comm -13 "$scratch/before" "$scratch/after")
[[ -z $left ]] || fail "left after the purge: $left"
echo "purged: nothing left"
