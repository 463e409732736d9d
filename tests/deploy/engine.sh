# shellcheck shell=bash
# A Docker engine of the test's own, with the base image made from Debian's archive: nothing of this machine's engine, if it has one, is
# touched, and no registry is asked. Sourced, never run; machine.sh comes first.
#
#   start_engine    sets DOCKER_HOST; returns 1, after saying why, where no engine can be started here
#   stop_engine     ends the engine, unmounts what it left mounted, removes its folder; safe at any time and more than once
#   base_image      builds debian:bookworm-slim in the engine

engine=""

# Debian's client comes first: another one may speak a newer protocol, or want a plug-in to build.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH

start_engine() {
  if ((EUID != 0)); then
    echo "no engine: only root can start one"
    return 1
  fi
  install_missing docker.io docker-compose debootstrap || return
  engine=$(mktemp -d /tmp/nmn-engine.XXXXXX)
  export DOCKER_HOST=unix://$engine/docker.sock
  # The builder that every engine of Debian 12 has.
  export DOCKER_BUILDKIT=0
  # vfs copies every layer, but needs nothing of the file system below.
  local driver
  for driver in overlay2 vfs; do
    # No bridge and no rules of its own: user networks, their names and published ports work without them.
    dockerd -H "$DOCKER_HOST" --data-root "$engine/data" --exec-root "$engine/exec" --pidfile "$engine/dockerd.pid" \
      --storage-driver "$driver" --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
      >"$engine/dockerd.$driver.log" 2>&1 &
    if until_true 60 engine_answers_or_ended $!; then
      if docker info >/dev/null 2>&1; then
        echo "engine: $(docker version -f '{{.Server.Version}}'), $driver"
        return
      fi
    fi
    stop_daemon
  done
  echo "no engine: dockerd does not start:"
  tail -n 5 "$engine"/dockerd.*.log
  return 1
}

engine_answers_or_ended() { docker info || ! kill -0 "$1"; }

daemon_ended() { ! kill -0 "$1"; }

stop_daemon() {
  local pid
  pid=$(cat "$engine/dockerd.pid" 2>/dev/null) || return 0
  kill "$pid" 2>/dev/null
  until_true 60 daemon_ended "$pid" || kill -KILL "$pid"
}

stop_engine() {
  if [[ -z $engine ]]; then return 0; fi
  docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1
  docker network prune -f >/dev/null 2>&1
  stop_daemon
  # The deepest first, so that each is free when its turn comes.
  awk -v folder="$engine/" 'index($2, folder) == 1 {print $2}' /proc/mounts | sort -r | xargs -r -n 1 umount -l
  rm -rf "$engine"
  engine=""
}

# usage: base_image CACHE   where CACHE keeps the downloaded packages for the next time
base_image() {
  local root=$engine/base
  bare_root "$1" "$root" || return
  # As in the published debian:bookworm-slim: no documentation, no kept downloads.
  rm -rf "$root"/usr/share/{doc,man,locale,info}
  printf 'path-exclude /usr/share/%s/*\n' doc man locale info >"$root/etc/dpkg/dpkg.cfg.d/docker"
  tar -C "$root" -c . | docker import -c 'CMD ["bash"]' - debian:bookworm-slim >/dev/null
  rm -rf "$root"
}
