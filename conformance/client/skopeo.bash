# Skopeo, from Debian: copies between archives, folders and repositories, in both manifest dialects.

image=$registry/$namespace/skopeo
export REGISTRY_AUTH_FILE=$work/skopeo/auth.json
from=--src-tls-verify=false
to=--dest-tls-verify=false
plain=--tls-verify=false
# Debian's package asks for a signature policy that a fresh machine may not have.
skopeo=(skopeo --insecure-policy)

check 'skopeo: login' "${skopeo[@]}" login $plain --username "$user" --password "$password" "$registry"
make_tree "$work/skopeo/tree" 3000000
tar --create --file "$work/skopeo/layer.tar" --directory "$work/skopeo/tree" .
check 'skopeo: an archive to start from' crane append --new_layer "$work/skopeo/layer.tar" --new_tag made/here:one --output "$work/skopeo/image.tar"

check 'skopeo: archive to registry' "${skopeo[@]}" copy $to "docker-archive:$work/skopeo/image.tar" "docker://$image:one"
check 'skopeo: the same as an OCI image' "${skopeo[@]}" copy $to --format oci "docker-archive:$work/skopeo/image.tar" "docker://$image:oci"
check 'skopeo: registry to folder' "${skopeo[@]}" copy $from "docker://$image:one" "dir:$work/skopeo/folder"
check 'skopeo: inspect' "${skopeo[@]}" inspect $plain "docker://$image:one"
equal 'skopeo: the digest is that of the bytes' "$(digest_of "$work/skopeo/folder/manifest.json")" "$(jq -r .Digest "$work/output")"
check 'skopeo: inspect the configuration' "${skopeo[@]}" inspect $plain --config "docker://$image:oci"
check 'skopeo: folder to registry' "${skopeo[@]}" copy $to --preserve-digests "dir:$work/skopeo/folder" "docker://$image-folder:one"
digest=$(digest_of "$work/skopeo/folder/manifest.json")
check 'skopeo: pull by digest' "${skopeo[@]}" copy $from "docker://$image-folder@$digest" "oci:$work/skopeo/layout:one"

check 'skopeo: repository to repository' "${skopeo[@]}" copy $from $to "docker://$image:one" "docker://$image-copy:one"
equal 'skopeo: the copy has the same digest' "$digest" "$("${skopeo[@]}" inspect $plain --format '{{.Digest}}' "docker://$image-copy:one")"

# An index of two images, copied with everything below it.
crane_config=$work/skopeo/docker
mkdir -p "$crane_config"
cp "$REGISTRY_AUTH_FILE" "$crane_config/config.json"
check 'skopeo: an index to start from' env "DOCKER_CONFIG=$crane_config" crane index append --manifest "$image:one" --manifest "$image:oci" --tag "$image:index"
check 'skopeo: copy the whole index' "${skopeo[@]}" copy --all $from $to "docker://$image:index" "docker://$image-copy:index"
check 'skopeo: inspect the raw index' "${skopeo[@]}" inspect $plain --raw "docker://$image-copy:index"
equal 'skopeo: the index has both children' 2 "$(jq '.manifests | length' "$work/output")"
check 'skopeo: the whole index to a folder' "${skopeo[@]}" copy --all $from "docker://$image-copy:index" "dir:$work/skopeo/index"

check 'skopeo: list the tags' "${skopeo[@]}" list-tags $plain "docker://$image"
equal 'skopeo: all tags are there' 'index oci one' "$(jq -r '.Tags | sort | join(" ")' "$work/output")"
check 'skopeo: delete' "${skopeo[@]}" delete $plain "docker://$image-folder:one"
refuse 'skopeo: what was deleted is gone' 'unknown|not found' "${skopeo[@]}" inspect $plain "docker://$image-folder:one"
check 'skopeo: the copy is still there' "${skopeo[@]}" inspect $plain "docker://$image-copy:one"
check 'skopeo: logout' "${skopeo[@]}" logout "$registry"
refuse 'skopeo: an anonymous inspection is refused' 'unauthorized|authentication required|denied' \
  "${skopeo[@]}" inspect $plain "docker://$image:one"
unset REGISTRY_AUTH_FILE
