# Counting checks, to be sourced by the scripts that drive real clients. A check that fails is reported with what the command printed, and
# the run goes on: one broken step should not hide the others. The sourcing script sets $work, a scratch directory.

passed=0
failed=0

# Each step may take this long: a client that waits for ever is a failure, not a hang.
check_seconds=120

good() {
  passed=$((passed + 1))
}

bad() {
  failed=$((failed + 1))
  echo "FAIL $1"
}

# check NAME COMMAND…: the command must succeed. What it printed is in $work/output afterwards.
check() {
  local name=$1 status=0
  shift
  timeout --kill-after=5 "$check_seconds" "$@" </dev/null >"$work/output" 2>&1 || status=$?
  if ((status == 0)); then
    good
  else
    bad "$name (exit $status): $*"
    tail -n 15 "$work/output" | cut -c 1-400 | sed 's/^/    /'
  fi
}

# refuse NAME TEXT COMMAND…: the command must fail of its own accord, and say something that matches the extended regular expression.
# Without the text a misspelled option would pass for a refusal.
refuse() {
  local name=$1 text=$2 status=0
  shift 2
  timeout --kill-after=5 "$check_seconds" "$@" </dev/null >"$work/output" 2>&1 || status=$?
  if ((status != 0 && status != 124 && status < 126)) && grep -qiE "$text" "$work/output"; then
    good
  else
    bad "$name (exit $status, expected a failure that says $text): $*"
    tail -n 15 "$work/output" | cut -c 1-400 | sed 's/^/    /'
  fi
}

# equal NAME EXPECTED ACTUAL
equal() {
  if [[ -n $2 && $2 == "$3" ]]; then
    good
  else
    bad "$1: expected '$2', got '$3'"
  fi
}

# printed NAME TEXT: the last command must have printed the text.
printed() {
  if grep -qF -- "$2" "$work/output"; then
    good
  else
    bad "$1: expected '$2' in:"
    tail -n 15 "$work/output" | cut -c 1-400 | sed 's/^/    /'
  fi
}
