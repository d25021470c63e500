# crane, the command line of go-containerregistry: parallel uploads, its own validation, indexes, deletion by tag and by digest.

image=$registry/$namespace/crane
export DOCKER_CONFIG=$work/crane/config

refuse 'crane: an anonymous push is refused' 'unauthorized|denied|authentication' \
  crane append --new_layer /dev/null --new_tag "$image:anonymous"
check 'crane: login' crane auth login --username "$user" --password "$password" "$registry"

layers=()
for number in 1 2 3 4; do
  make_tree "$work/crane/tree$number" 1500000
  tar --create --gzip --file "$work/crane/layer$number.tar.gz" --directory "$work/crane/tree$number" .
  layers+=(--new_layer "$work/crane/layer$number.tar.gz")
done
check 'crane: an image of four layers' crane append "${layers[@]}" --new_tag "$image:one" --output "$work/crane/image.tar"
check 'crane: push' crane push "$work/crane/image.tar" "$image:one"
check 'crane: push again' crane push "$work/crane/image.tar" "$image:one"
check 'crane: validate every byte' crane validate --remote "$image:one"
check 'crane: digest' crane digest "$image:one"
digest=$(<"$work/output")
equal 'crane: the digest is that of the manifest' "$digest" "$(crane manifest "$image:one" >"$work/crane/manifest" && digest_of "$work/crane/manifest")"
check 'crane: head' crane digest --full-ref "$image@$digest"
check 'crane: pull by tag' crane pull "$image:one" "$work/crane/pulled.tar"
check 'crane: pull by digest, as an OCI layout' crane pull --format oci "$image@$digest" "$work/crane/layout"
check 'crane: validate the pulled archive' crane validate --tarball "$work/crane/pulled.tar"
layer=$(jq -r '.layers[0].digest' "$work/crane/manifest")
check 'crane: fetch one layer' sh -c 'crane blob "$0" >"$1"' "$image@$layer" "$work/crane/blob"
equal 'crane: the layer is whole' "$layer" "$(digest_of "$work/crane/blob")"
check 'crane: export the file system' sh -c 'crane export "$0" - | tar --extract --to-stdout --file - origin ./origin 2>/dev/null | grep -q "made by"' "$image:one"
check 'crane: configuration' crane config "$image:one"

check 'crane: tag' crane tag "$image:one" two
equal 'crane: the tag has the same digest' "$digest" "$(crane digest "$image:two")"
check 'crane: copy to another repository' crane copy "$image:one" "$image-copy:one"
check 'crane: validate the copy' crane validate --remote "$image-copy:one"
check 'crane: copy all tags' crane copy --all-tags "$image" "$image-all"
equal 'crane: all tags were copied' 'one two' "$(crane ls "$image-all" | sort | tr '\n' ' ' | sed 's/ $//')"

check 'crane: an image for another platform' crane mutate --set-platform linux/arm64 --tag "$image:arm64" "$image:one"
check 'crane: an image for this platform' crane mutate --set-platform linux/amd64 --tag "$image:amd64" "$image:one"
check 'crane: an index' crane index append --manifest "$image:amd64" --manifest "$image:arm64" --tag "$image:index"
check 'crane: validate the index' crane validate --remote "$image:index"
check 'crane: digest by platform' crane digest --platform linux/arm64 "$image:index"
equal 'crane: the platform picks the child' "$(crane digest "$image:arm64")" "$(<"$work/output")"
check 'crane: copy the index' crane copy "$image:index" "$image-copy:index"
check 'crane: validate the copied index' crane validate --remote "$image-copy:index"
check 'crane: filter the index' crane index filter --platform linux/amd64 --tag "$image:filtered" "$image:index"

check 'crane: list the tags' crane ls "$image"
equal 'crane: the tags are sorted' 'amd64 arm64 filtered index one two' "$(tr '\n' ' ' <"$work/output" | sed 's/ $//')"
check 'crane: catalog' crane catalog "$registry"
printed 'crane: the repository is in the catalog' "$namespace/crane-copy"

check 'crane: delete a tag' crane delete "$image:two"
refuse 'crane: the tag is gone' 'not found|unknown' crane digest "$image:two"
equal 'crane: the other tag of the manifest is not' "$digest" "$(crane digest "$image:one")"
check 'crane: delete by digest' crane delete "$image-copy@$digest"
refuse 'crane: the manifest is gone' 'not found|unknown' crane manifest "$image-copy@$digest"
refuse 'crane: its tag is gone too' 'not found|unknown' crane digest "$image-copy:one"
check 'crane: elsewhere it is whole' crane validate --remote "$image:one"
check 'crane: logout' crane auth logout "$registry"
refuse 'crane: an anonymous pull is refused' 'unauthorized|denied|authentication' crane manifest "$image:one"
unset DOCKER_CONFIG
