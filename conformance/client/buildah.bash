# Buildah, from Debian: images made step by step, committed straight into the registry.

image=$registry/$namespace/buildah
buildah=("${as_root[@]}" env "XDG_RUNTIME_DIR=$work/buildah/run" "REGISTRY_AUTH_FILE=$work/buildah/auth.json"
  buildah --root "$work/buildah/root" --runroot "$work/buildah/run" --storage-driver vfs)
plain=--tls-verify=false
mkdir -p "$work/buildah/run"

check 'buildah: login' "${buildah[@]}" login $plain --username "$user" --password "$password" "$registry"
make_tree "$work/buildah/tree" 2000000
check 'buildah: start from nothing' "${buildah[@]}" from --name wharf scratch
check 'buildah: copy files in' "${buildah[@]}" copy wharf "$work/buildah/tree" /
check 'buildah: set the command' "${buildah[@]}" config --cmd '/bin/busybox cat /origin' wharf
check 'buildah: commit to local storage' "${buildah[@]}" commit wharf "$image:one"
check 'buildah: push' "${buildah[@]}" push $plain --digestfile "$work/buildah/digest" "$image:one" "docker://$image:one"
digest=$("${as_root[@]}" cat "$work/buildah/digest")
check 'buildah: commit into the registry' "${buildah[@]}" commit $plain wharf "docker://$image:direct"
check 'buildah: remove' "${buildah[@]}" rm --all
check 'buildah: remove the images' "${buildah[@]}" rmi --all --force
check 'buildah: pull by tag' "${buildah[@]}" pull --policy always $plain "docker://$image:one"
check 'buildah: pull by digest' "${buildah[@]}" pull $plain "docker://$image@$digest"
check 'buildah: continue from what is in the registry' "${buildah[@]}" from $plain --pull-always --name again "docker://$image:direct"
check 'buildah: mount it' "${buildah[@]}" mount again
mounted=$(tail -n 1 "$work/output")
equal 'buildah: the file is whole' "$(digest_of "$work/buildah/tree/random")" "$(digest_of "$mounted/random")"
check 'buildah: remove the container' "${buildah[@]}" rm --all
check 'buildah: logout' "${buildah[@]}" logout "$registry"
refuse 'buildah: a pull without credentials is refused' 'unauthorized|authentication required|denied' \
  "${buildah[@]}" pull --policy always $plain "docker://$image:one"
