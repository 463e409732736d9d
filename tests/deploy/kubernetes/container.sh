#!/bin/sh
# container.sh ROOT PROGRAMS USER [SOURCE:TARGET:ro|rw].. -- COMMAND..: runs a command as a container of a pod is run, in a mount namespace of
# its own (unshare --mount): a root file system that cannot be written, in the empty folder ROOT, with this machine's /usr and the programs;
# the volumes; a user that is not root, with no capabilities. The process stays the same, so a signal reaches the command.
set -eu
root=$1 programs=$2 user=$3
shift 3
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$root"
cp -P /bin /lib /lib64 "$root/"
for folder in usr etc dev proc; do
  mkdir "$root/$folder"
  mount --rbind "/$folder" "$root/$folder"
done
mkdir "$root/nmn"
mount --bind "$programs" "$root/nmn"
while [ "$1" != -- ]; do
  source=${1%%:*} target=${1#*:}
  mode=${target#*:} target=${target%:*}
  mkdir -p "$root$target"
  mount --bind "$source" "$root$target"
  mount -o "remount,bind,$mode" "$root$target"
  shift
done
shift
mount -o remount,ro "$root"
export PATH=/nmn:/usr/sbin:/usr/bin:/bin
exec chroot "$root" setpriv --reuid="$user" --regid="$user" --groups="$user" --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
