# Podman, from Debian, with a storage folder of its own and no engine.

image=$registry/$namespace/podman
# The host's cgroups and network are none of its business here, and the plain storage driver works on every file system.
podman=("${as_root[@]}" env "XDG_RUNTIME_DIR=$work/podman/session" "REGISTRY_AUTH_FILE=$work/podman/auth.json"
  "CONTAINERS_REGISTRIES_CONF=$work/podman/registries.conf"
  podman --root "$work/podman/root" --runroot "$work/podman/run" --tmpdir "$work/podman/tmp" --storage-driver vfs
  --cgroup-manager cgroupfs --events-backend file)
plain=--tls-verify=false
mkdir -p "$work/podman/session"
# Not every command has the option.
cat >"$work/podman/registries.conf" <<END
[[registry]]
location = "$registry"
insecure = true
END

refuse 'podman: a wrong password is refused' 'unauthorized|invalid username|denied' \
  "${podman[@]}" login $plain --username "$user" --password "wrong-$password" "$registry"
check 'podman: login' "${podman[@]}" login $plain --username "$user" --password "$password" "$registry"

make_tree "$work/podman/tree" 3000000
cat >"$work/podman/tree/Containerfile" <<'END'
FROM scratch
COPY bin/busybox /bin/busybox
COPY random origin /
CMD ["/bin/busybox", "cat", "/origin"]
END
check 'podman: build' "${podman[@]}" build --quiet --isolation chroot --tag "$image:one" "$work/podman/tree"
id=$("${podman[@]}" image inspect --format '{{.Id}}' "$image:one")
check 'podman: push' "${podman[@]}" push $plain --digestfile "$work/podman/digest" "$image:one"
digest=$("${as_root[@]}" cat "$work/podman/digest")
check 'podman: push as a Docker manifest' "${podman[@]}" push $plain --format v2s2 "$image:one" "$image:docker"
check 'podman: push with zstd layers' "${podman[@]}" push $plain --compression-format zstd --format oci "$image:one" "$image:zstd"

check 'podman: remove' "${podman[@]}" image rm --all --force
check 'podman: pull by tag' "${podman[@]}" pull $plain "$image:one"
equal 'podman: the pulled image is the one that was pushed' "$id" "$("${podman[@]}" image inspect --format '{{.Id}}' "$image:one")"
check 'podman: remove again' "${podman[@]}" image rm --all --force
check 'podman: pull by digest' "${podman[@]}" pull $plain "$image@$digest"
equal 'podman: it is the same image' "$id" "$("${podman[@]}" image inspect --format '{{.Id}}' "$image@$digest")"
check 'podman: pull the Docker manifest' "${podman[@]}" pull $plain "$image:docker"
check 'podman: pull the zstd layers' "${podman[@]}" pull $plain "$image:zstd"
check 'podman: mount what was pulled' "${podman[@]}" image mount "$image:zstd"
mounted=$("${as_root[@]}" tail -n 1 "$work/output")
equal 'podman: the file is whole' "$(digest_of "$work/podman/tree/random")" "$(digest_of "$mounted/random")"
check 'podman: unmount' "${podman[@]}" image umount --all

check 'podman: create an index' "${podman[@]}" manifest create "$image:list"
check 'podman: add a child' "${podman[@]}" manifest add $plain --arch amd64 "$image:list" "docker://$image:one"
check 'podman: add another child' "${podman[@]}" manifest add $plain --arch arm64 "$image:list" "docker://$image:zstd"
check 'podman: push the index with its children' "${podman[@]}" manifest push $plain --all "$image:list" "docker://$image:list"
check 'podman: inspect the pushed index' "${podman[@]}" manifest inspect "$image:list"
printed 'podman: the index has the other platform' 'arm64'

check 'podman: search' "${podman[@]}" search $plain --limit 100 "$registry/$namespace/podman"
printed 'podman: the repository is found' "$namespace/podman"
check 'podman: list the tags by search' "${podman[@]}" search $plain --list-tags "$image"
printed 'podman: a tag is found' 'zstd'

refuse 'podman: a missing tag is not found' 'unknown|not found' "${podman[@]}" pull $plain "$image:missing"
check 'podman: logout' "${podman[@]}" logout "$registry"
refuse 'podman: a pull without credentials is refused' 'unauthorized|authentication required|denied' "${podman[@]}" pull $plain "$image:docker"
check 'podman: clean up' "${podman[@]}" system reset --force
