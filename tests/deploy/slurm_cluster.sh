# shellcheck shell=bash
# A Slurm cluster of two nodes on this machine, over loopback, beside whatever else runs here. To be sourced, as root:
#   start_cluster DIR   munged, slurmctld, slurmd n1 and n2, all files in DIR; exports SLURM_CONF
#   stop_cluster        ends them by their pid files and waits for it
#   wait_for SECONDS WHAT COMMAND..   polls a command until it succeeds

cluster=

wait_for() {
  local limit=$1 what=$2 end
  shift 2
  end=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      echo "after $limit s still waiting for: $what" >&2
      return 1
    fi
    sleep 0.2
  done
}

# Four ports in a row that nobody listens on.
free_ports() {
  local first port
  for _ in $(seq 100); do
    first=$((20000 + RANDOM % 10000))
    for port in $(seq "$first" $((first + 3))); do
      if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
    done
    echo "$first"
    return
  done
  return 1
}

write_slurm_conf() {
  local ports=$1
  cat >"$cluster/slurm.conf" <<CONF
ClusterName=nmntest
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$ports
SlurmdPort=$((ports + 1))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$cluster/munge/socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2
ReturnToService=2
RequeueExit=75
SlurmdTimeout=15
KillWait=20
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd-%n.pid
SlurmctldLogFile=$cluster/slurmctld.log
SlurmdLogFile=$cluster/slurmd-%n.log
SlurmdSpoolDir=$cluster/spool-%n
StateSaveLocation=$cluster/state
NodeName=n[1-2] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[$((ports + 2))-$((ports + 3))] CPUs=4 RealMemory=2000
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
CONF
}

nodes_idle() { [ "$(sinfo --noheader --format=%D --states=idle)" = 2 ]; }

start_cluster() {
  cluster=$1
  local ports
  ports=$(free_ports) || return 1
  mkdir -p "$cluster/state" "$cluster/munge"
  chmod 755 "$cluster"
  write_slurm_conf "$ports"
  export SLURM_CONF=$cluster/slurm.conf
  head -c 128 /dev/urandom >"$cluster/munge/key"
  chmod 600 "$cluster/munge/key"
  chmod 755 "$cluster/munge"
  chown -R munge: "$cluster/munge"
  setpriv --reuid=munge --regid=munge --clear-groups munged --key-file="$cluster/munge/key" \
    --socket="$cluster/munge/socket" --pid-file="$cluster/munge/pid" --log-file="$cluster/munge/log" \
    --seed-file="$cluster/munge/seed"
  slurmctld -f "$SLURM_CONF"
  slurmd -f "$SLURM_CONF" -N n1
  slurmd -f "$SLURM_CONF" -N n2
  wait_for 60 "two idle nodes" nodes_idle || {
    tail -n 20 "$cluster"/*.log >&2
    return 1
  }
}

stop_cluster() {
  local file pid
  for file in slurmd-n1.pid slurmd-n2.pid slurmctld.pid munge/pid; do
    pid=$(cat "$cluster/$file" 2>/dev/null) || continue
    kill "$pid" 2>/dev/null || continue
    wait_for 30 "the end of $file" test ! -d "/proc/$pid" || kill -9 "$pid"
  done
}
