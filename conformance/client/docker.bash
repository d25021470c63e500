# Docker's engine and command line. With one image store of the engine's an image's id is the digest of its configuration, with the other
# that of what was pulled, which may be a list.

source conformance/client/engine.bash || return 0
export DOCKER_CONFIG=$work/docker/config
image=$registry/$namespace/docker

refuse 'docker: a wrong password is refused' 'unauthorized|denied|incorrect' \
  "$DOCKER" --config "$work/docker/other" login --username "$user" --password "wrong-$password" "$registry"
check 'docker: login' "$DOCKER" login --username "$user" --password "$password" "$registry"
printed 'docker: login succeeded' 'Login Succeeded'

make_tree "$work/docker/tree" 5000000
cat >"$work/docker/tree/Dockerfile" <<'END'
FROM scratch
COPY bin/busybox /bin/busybox
COPY random /random
COPY origin /origin
LABEL purpose="conformance"
CMD ["/bin/busybox", "cat", "/origin"]
END
check 'docker: build an image of three layers' env DOCKER_BUILDKIT=0 "$DOCKER" build --quiet --tag "$image:one" "$work/docker/tree"
id=$("$DOCKER" image inspect --format '{{.Id}}' "$image:one")
layers=$("$DOCKER" image inspect --format '{{.RootFS.Layers}}' "$image:one")
check 'docker: push' "$DOCKER" push "$image:one"
check 'docker: push a second tag' sh -c '"$0" tag "$1:one" "$1:two" && "$0" push "$1:two"' "$DOCKER" "$image"
printed 'docker: the layers are there already' 'Layer already exists'
digest=$("$DOCKER" image inspect --format '{{index .RepoDigests 0}}' "$image:one")
digest=${digest#*@}

# Removes every image, so that a pull has to ask for everything.
forget() {
  "$DOCKER" image ls --quiet --no-trunc | sort -u | xargs --no-run-if-empty "$DOCKER" image rm --force >/dev/null 2>&1
}

forget
check 'docker: pull by tag' "$DOCKER" pull "$image:one"
equal 'docker: the pulled image is the one that was pushed' "$id" "$("$DOCKER" image inspect --format '{{.Id}}' "$image:one")"
check 'docker: run what was pulled' "$DOCKER" run --rm --network none "$image:one"
printed 'docker: it prints its file' 'made by tree'
check 'docker: hash a file inside' "$DOCKER" run --rm --network none "$image:one" /bin/busybox sha256sum /random
printed 'docker: the file is whole' "$(sha256sum "$work/docker/tree/random" | cut -d ' ' -f 1)"
forget
check 'docker: pull by digest' "$DOCKER" pull "$image@$digest"
equal 'docker: it is the same image' "$id" "$("$DOCKER" image inspect --format '{{.Id}}' "$image@$digest")"
forget
check 'docker: pull all tags' "$DOCKER" pull --all-tags "$image"
equal 'docker: both tags came' 2 "$("$DOCKER" image ls --quiet "$image" | wc -l)"

# A layer that the engine knows to be in one repository is mounted into the next, not sent again.
check 'docker: push into a second repository' sh -c '"$0" tag "$1:one" "$1-copy:one" && "$0" push "$1-copy:one"' "$DOCKER" "$image"
printed 'docker: the layers are mounted' "Mounted from $namespace/docker"

tar --create --file "$work/docker/flat.tar" --directory "$work/docker/tree" bin origin
check 'docker: import a file system' "$DOCKER" import "$work/docker/flat.tar" "$image:flat"
check 'docker: push the imported image' "$DOCKER" push "$image:flat"

# A multi-platform image, as a Docker manifest list. The engine's own platform picks the child at the pull.
check 'docker: create a manifest list' "$DOCKER" manifest create --insecure "$image:list" "$image:one" "$image:flat"
check 'docker: annotate a child' "$DOCKER" manifest annotate --os linux --arch arm64 --variant v8 "$image:list" "$image:flat"
check 'docker: push the manifest list' "$DOCKER" manifest push --insecure "$image:list"
check 'docker: inspect the manifest list' "$DOCKER" manifest inspect --insecure "$image:list"
printed 'docker: the list has the other platform' 'arm64'
forget
check 'docker: pull from the manifest list' "$DOCKER" pull "$image:list"
equal 'docker: the platform picked the child' "$layers" "$("$DOCKER" image inspect --format '{{.RootFS.Layers}}' "$image:list")"

refuse 'docker: a missing tag is not found' 'not found|manifest unknown' "$DOCKER" pull "$image:missing"
check 'docker: logout' "$DOCKER" logout "$registry"
refuse 'docker: a pull without credentials is refused' 'no basic auth|denied|unauthorized' "$DOCKER" pull "$image:two"
forget
unset DOCKER_CONFIG
