# containerd, as Kubernetes uses it: the one that Docker's engine started, through its own command line. Unlike docker it resolves tags by
# HEAD alone, sends each blob in one PUT and insists on the digest header of every reply.

source conformance/client/engine.bash || return 0
# An engine that finds the containerd of the machine uses that one instead of starting its own.
address=$(dirname "${DOCKER_HOST#unix://}")/docker/exec/containerd/containerd.sock
[[ -S $address ]] || address=/run/containerd/containerd.sock
image=$registry/$namespace/containerd

make_tree "$work/containerd/tree" 3000000
tar --create --file "$work/containerd/layer.tar" --directory "$work/containerd/tree" .
crane append --new_layer "$work/containerd/layer.tar" --new_tag "$image:one" --output "$work/containerd/image.tar" >/dev/null 2>&1

containerd=(${as_root[@]+"${as_root[@]}"} /usr/bin/ctr --address "$address" --namespace wharf)
options=(--plain-http --user "$user:$password")
check 'containerd: import' "${containerd[@]}" images import --all-platforms "$work/containerd/image.tar"
check 'containerd: push' "${containerd[@]}" images push "${options[@]}" "$image:one"
digest=$("${containerd[@]}" images ls "name==$image:one" | awk 'NR == 2 { print $3 }')
check 'containerd: remove' "${containerd[@]}" images rm --sync "$image:one"
check 'containerd: pull by tag' "${containerd[@]}" images pull "${options[@]}" --all-platforms "$image:one"
equal 'containerd: the digest is the one that was pushed' "$digest" "$("${containerd[@]}" images ls "name==$image:one" | awk 'NR == 2 { print $3 }')"
check 'containerd: remove again' "${containerd[@]}" images rm --sync "$image:one"
check 'containerd: pull by digest' "${containerd[@]}" images pull "${options[@]}" --all-platforms "$image@$digest"
refuse 'containerd: a missing tag is not found' 'not found' "${containerd[@]}" images pull "${options[@]}" "$image:missing"
refuse 'containerd: a pull without credentials is refused' 'unauthorized|authorization|403|401' \
  "${containerd[@]}" images pull --plain-http "$image:one"
check 'containerd: clean up' "${containerd[@]}" images rm --sync "$image@$digest"
