# oras: artifacts that are not images, and referrers, which it attaches, discovers, copies and deletes.

image=$registry/$namespace/oras
options=(--plain-http --registry-config "$work/oras/config.json")

refuse 'oras: a wrong password is refused' 'unauthorized|denied|credential|401' \
  oras login "${options[@]}" --username "$user" --password "wrong-$password" "$registry"
check 'oras: login' oras login "${options[@]}" --username "$user" --password "$password" "$registry"

cd "$work/oras" || exit
head -c 2000000 /dev/urandom >data.bin
echo 'components: []' >sbom.yaml
echo 'signed' >signature
check 'oras: push an artifact' oras push "${options[@]}" --artifact-type application/vnd.example.data.v1 \
  --annotation org.opencontainers.image.title=data --export-manifest manifest.json "$image:one,latest" data.bin:application/octet-stream
digest=$(digest_of manifest.json)
check 'oras: resolve' oras resolve "${options[@]}" "$image:latest"
equal 'oras: both tags name the manifest' "$digest" "$(<"$work/output")"
check 'oras: pull by tag' oras pull "${options[@]}" --output by-tag "$image:one"
equal 'oras: the file is whole' "$(digest_of data.bin)" "$(digest_of by-tag/data.bin)"
check 'oras: pull by digest' oras pull "${options[@]}" --output by-digest "$image@$digest"
check 'oras: tag' oras tag "${options[@]}" "$image:one" two
check 'oras: list the tags' oras repo tags "${options[@]}" "$image"
equal 'oras: the tags are sorted' 'latest one two' "$(tr '\n' ' ' <"$work/output" | sed 's/ $//')"
check 'oras: list the repositories' oras repo ls "${options[@]}" "$registry"
printed 'oras: the repository is listed' "$namespace/oras"

# Referrers: two of one type, one of another, and one that refers to a referrer.
sbom=application/vnd.example.sbom.v1
signature=application/vnd.example.signature.v1
check 'oras: attach a bill of materials' oras attach "${options[@]}" --artifact-type $sbom --annotation made.by=test \
  --export-manifest sbom.json "$image:one" sbom.yaml:text/yaml
check 'oras: attach a signature' oras attach "${options[@]}" --artifact-type $signature "$image:one" signature:text/plain
check 'oras: attach a second signature' oras attach "${options[@]}" --artifact-type $signature --annotation number=two "$image:one" signature:text/plain
attached=$(digest_of sbom.json)
check 'oras: attach to what was attached' oras attach "${options[@]}" --artifact-type $signature "$image@$attached" signature:text/plain

# discovered FILTER…: how many referrers the artifact has.
discovered() {
  oras discover "${options[@]}" --distribution-spec v1.1-referrers-api --depth 1 --format json "$@" "$image:one" | jq '.referrers | length'
}
equal 'oras: discover three referrers' 3 "$(discovered)"
equal 'oras: discover by type' 1 "$(discovered --artifact-type $sbom)"
equal 'oras: discover nothing of an unknown type' 0 "$(discovered --artifact-type application/vnd.example.none)"
check 'oras: discover the tree' oras discover "${options[@]}" --distribution-spec v1.1-referrers-api --format tree "$image:one"
printed 'oras: the tree has the type' $sbom
check 'oras: pull a referrer' oras pull "${options[@]}" --output referrer "$image@$attached"
equal 'oras: the referrer is whole' "$(digest_of sbom.yaml)" "$(digest_of referrer/sbom.yaml)"

check 'oras: copy with the referrers' oras copy --recursive --from-plain-http --to-plain-http --from-registry-config config.json \
  --to-registry-config config.json "$image:one" "$image-copy:one"
check 'oras: discover in the copy' oras discover "${options[@]}" --format json "$image-copy:one"
equal 'oras: the copy has the referrers' 3 "$(jq '.referrers | length' "$work/output")"
check 'oras: copy to a layout' oras copy --recursive --from-plain-http --from-registry-config config.json --to-oci-layout "$image:one" layout:one
check 'oras: copy from the layout' oras copy --recursive --from-oci-layout --to-plain-http --to-registry-config config.json layout:one "$image-layout:one"
check 'oras: back up' oras backup --plain-http --registry-config config.json --include-referrers --output backup "$image:one"

check 'oras: an index' oras manifest index create "${options[@]}" "$image:index" one two
check 'oras: fetch the index' oras manifest fetch "${options[@]}" "$image:index"
check 'oras: fetch the descriptor' oras manifest fetch --descriptor "${options[@]}" "$image:index"
check 'oras: push a blob' oras blob push "${options[@]}" "$image" data.bin
check 'oras: fetch the blob' oras blob fetch "${options[@]}" --output blob "$image@$(digest_of data.bin)"
equal 'oras: the blob is whole' "$(digest_of data.bin)" "$(digest_of blob)"

check 'oras: delete a referrer' oras manifest delete "${options[@]}" --force "$image@$attached"
equal 'oras: it is no longer discovered' 2 "$(discovered)"
check 'oras: delete a manifest' oras manifest delete "${options[@]}" --force "$image-copy@$digest"
refuse 'oras: it is gone' 'not found' oras manifest fetch "${options[@]}" "$image-copy:one"
printf 'not used by any manifest %s' "$RANDOM" >loose
check 'oras: push a loose blob' oras blob push "${options[@]}" "$image" loose
check 'oras: delete the blob' oras blob delete "${options[@]}" --force "$image@$(digest_of loose)"
refuse 'oras: the blob is gone' 'not found' oras blob fetch "${options[@]}" --output - "$image@$(digest_of loose)"
check 'oras: logout' oras logout --registry-config config.json "$registry"
refuse 'oras: an anonymous pull is refused' 'unauthorized|denied|credential|401' oras pull "${options[@]}" --output anonymous "$image:one"
cd - >/dev/null || exit
