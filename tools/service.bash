# What the `tools/start-…` scripts share, to be sourced: a free port, starting a program in the background, waiting until it answers.
# Each service leaves in the run directory a log, and a `.pid` file with its process id, that process's start time and the signal that
# ends it; `tools/stop` reads those. Nothing here knows any service by name.

as_root=()
[[ $(id -u) == 0 ]] || as_root=(sudo)

# open_run_directory DIRECTORY: makes it, with an absolute path, in $run.
open_run_directory() {
  mkdir -p "$1"
  run=$(cd "$1" && pwd)
}

# A loopback port that nothing listens on, below the range from which the kernel takes ports for outgoing connections.
free_port() {
  local port
  while :; do
    port=$((10000 + RANDOM % 20000))
    if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
}

# start_time PID: empty when the process has ended, also when nobody has collected it yet. It is field 22 of stat, counted behind the name,
# which may hold spaces; with it a process id that was given to another process meanwhile is recognized.
start_time() {
  local fields
  fields=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null)
  [[ $fields == Z* ]] || cut -d ' ' -f 20 <<<"$fields"
}

# launch NAME SIGNAL COMMAND…: starts it in a session of its own, so that ^C reaches only the script, which then stops it in order.
launch() {
  local name=$1 signal=$2 pid
  shift 2
  setsid "$@" </dev/null >"$run/$name.log" 2>&1 &
  pid=$!
  echo "$pid $(start_time "$pid") $signal" >"$run/$name.pid"
}

# running NAME
running() {
  local pid started signal
  read -r pid started signal <"$run/$1.pid"
  [[ -n $started && $(start_time "$pid") == "$started" ]]
}

# await NAME SECONDS COMMAND…: until the command succeeds. A service that ends instead is reported with the end of its log.
await() {
  local name=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= deadline)) || ! running "$name"; then
      echo "$name did not start:" >&2
      tail -n 20 "$run/$name.log" >&2
      exit 1
    fi
    sleep 0.1
  done
}

# create_bucket ENDPOINT KEY SECRET BUCKET
create_bucket() {
  curl --silent --show-error --fail --max-time 20 --request PUT --aws-sigv4 aws:amz:us-east-1:s3 --user "$2:$3" \
    --header "x-amz-content-sha256: $(sha256sum </dev/null | cut -d ' ' -f 1)" "$1/$4" >/dev/null
}
