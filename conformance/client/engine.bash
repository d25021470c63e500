# Makes sure that a Docker engine of the tests' own runs: one that `tools/start-docker` started before, or one for this run. Never the
# machine's: the checks remove every image that the engine has. Sourced by the clients that need it; returns failure, counted once, when
# there is none.

if [[ -z ${WHARF_TEST_DOCKER_HOST:-} ]]; then
  starting=$(tools/start-docker "$work/engine") && eval "$starting"
  export WHARF_TEST_DOCKER_HOST=${WHARF_TEST_DOCKER_HOST:-none}
fi
if [[ $WHARF_TEST_DOCKER_HOST == none ]]; then
  bad 'the Docker engine starts'
  return 1
fi
export DOCKER_HOST=$WHARF_TEST_DOCKER_HOST
DOCKER=${WHARF_TEST_DOCKER:-docker}
