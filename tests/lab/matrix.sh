# What the scripts of tests/lab/matrix.py share; sourced by bash under the lab's kernel.
#
# Given: SR and SG (the drive's nodes), DATA (the sources), HERE (a folder of the case's own), MEDIUM.

say() { printf '\n### %s\n' "$*"; }

# Let the kernel look at the disc anew, as after taking it out and putting it in again. Opening the device is what makes
# it look; with the tray open it finds no disc, and forgets the old one.
reload() {
  sg_start --eject "$SG"
  { : <"$SR"; } 2>/dev/null || true
  sg_start --load "$SG"
  { : <"$SR"; } 2>/dev/null || sleep 0.2
  : <"$SR"
}

# The disc mounts as FILESYSTEM and holds what is in the folders: equal FILESYSTEM FOLDER...
equal() {
  local system=$1 mounted wanted=$2
  shift
  reload
  if (($# > 1)); then
    wanted=$HERE/wanted
    cp -r "$1" "$wanted"
    cp -r "$2/." "$wanted"
  fi
  mounted=$(mount-image "$SR" "$system")
  diff -r "$wanted" "$mounted"
  umount "$mounted"
  echo "equal: $system, $wanted"
}

# The disc's sectors from LBA on are the file's: same_sectors FILE [LBA]
same_sectors() {
  reload
  cmp -n "$(stat -c %s "$1")" -i "0:$((${2:-0} * 2048))" "$1" "$SR"
  echo "same sectors: $(stat -c %s "$1") bytes of $1"
}

# The last output of a program matches: expect FILE REGEX...
expect() {
  local file=$1 regex
  shift
  for regex; do
    grep -Eqs -- "$regex" "$file" || { echo "MISSING: $regex"; return 1; }
  done
}

# One cell of the table by itself, for cases of many: cell PROGRAM MODE 'REGEX;;REGEX' COMMAND...
cell() {
  local program=$1 mode=$2 wanted=$3 status=0 regex missing=
  shift 3
  say "$program ($mode): $*"
  timeout 100 "$@" >"$HERE/said" 2>&1 </dev/null || status=$?
  tail -c 6000 "$HERE/said"
  while [[ $wanted ]]; do
    regex=${wanted%%;;*}
    [[ $wanted == *';;'* ]] && wanted=${wanted#*;;} || wanted=
    grep -Eqs -- "$regex" "$HERE/said" || missing+=" /$regex/"
  done
  if ((status)); then
    echo "CELL $program|$mode|status $status"
  elif [[ $missing ]]; then
    echo "CELL $program|$mode|not said:$missing"
  else
    echo "CELL $program|$mode|passed"
  fi
}

# As cell, for a program whose status means nothing.
cell_whatever() {
  local program=$1 mode=$2 wanted=$3
  shift 3
  cell "$program" "$mode" "$wanted" bash -c '"$@" || true' - "$@"
}

burn_quietly() { "$@" >"$HERE/burn.log" 2>&1 || { cat "$HERE/burn.log"; return 1; }; }

# Find the server's targets, and log in to the first: begin TARGET KERNEL-LOG
begin() {
  KERNEL_LOG=$2
  dmesg --follow >"$KERNEL_LOG" &
  attach "$PORT" "$1"
}

# Log in to a target and set SR and SG, as attach does, but beside others: log_in TARGET
log_in() {
  local session device
  iscsiadm -m node -T "$1" -p "127.0.0.1:$PORT" --login >/dev/null 2>&1 || true # the first one is logged in to
  for _ in $(seq 100); do
    for session in /sys/class/iscsi_session/session*; do
      [[ -e $session/targetname && $(<"$session/targetname") == "$1" ]] || continue
      # How long the initiator waits for a drive that was unplugged: two minutes, if it is not told otherwise.
      echo 5 >"$session/recovery_tmo"
      for device in "$session"/device/target*/*/block/*; do
        [[ -e $device ]] || continue
        SR=/dev/${device##*/} SG=$(echo "${device%/block/*}"/scsi_generic/*)
        [[ -e $SG ]] || continue
        SG=/dev/${SG##*/}
        return 0
      done
    done
    sleep 0.1
  done
  return 1
}

# Run a case beside others, as soon as there is room for one more: start_case NAME TARGET MEDIUM SECONDS
start_case() {
  while (($(jobs -rp | wc -l) >= SIDE_BY_SIDE + 2)); do wait -n || true; done # two more: the server and dmesg
  run_case "$@" &
}

# Run a case on its drive: run_case NAME TARGET MEDIUM SECONDS
run_case() {
  local name=$1 target=$2 limit=$4 status=0 began=$EPOCHREALTIME host since
  export MEDIUM=$3 HERE=$OUT/$name SR SG
  read -r since _ </proc/uptime
  echo "$since" >"$HERE/since"
  if ! log_in "$target"; then
    echo "no drive appeared at $target" >"$HERE/log"
    echo 98 >"$HERE/status"
    return
  fi
  host=$(readlink -f "/sys/class/block/${SR##*/}/device")
  host=${host##*/}
  (cd "$HERE" && timeout -k 5 "$limit" bash -euo pipefail -c '. "$LIBRARY"; set -x; . "$HERE/script"') \
    >"$HERE/log" 2>&1 </dev/null || status=$?
  echo "${began/[.,]/} ${EPOCHREALTIME/[.,]/}" >"$HERE/times"
  grep -E "(${SR##*/}\b|(sr|scsi|sd) $host:)" "$KERNEL_LOG" >"$HERE/dmesg" || true
  timeout 20 iscsiadm -m node -T "$target" -p "127.0.0.1:$PORT" --logout >/dev/null 2>&1 || echo "logout failed" >>"$HERE/log"
  echo "$status" >"$HERE/status"
}
