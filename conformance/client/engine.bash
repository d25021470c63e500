# Makes sure that a Docker engine of the tests' own runs: one that `tools/start-docker` started before, or one for this run. Never the
# machine's: the checks remove every image that the engine has. Sourced by the clients that need it.

if [[ -z ${WHARF_TEST_DOCKER_HOST:-} ]]; then
  if starting=$(tools/start-docker "$work/engine"); then
    eval "$starting"
  else
    bad 'the Docker engine starts'
  fi
fi
export DOCKER_HOST=${WHARF_TEST_DOCKER_HOST:-unix://$work/missing.sock}
DOCKER=${WHARF_TEST_DOCKER:-docker}
