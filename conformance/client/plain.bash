# No client at all: what a caller without credentials, or with wrong ones, gets to see.

challenge=$(curl --silent --dump-header - --output /dev/null --max-time 20 "$url/v2/")
equal 'an anonymous ping is challenged' 401 "$(head -n 1 <<<"$challenge" | cut -d ' ' -f 2)"
equal 'there is exactly one challenge' 1 "$(grep -ciE '^www-authenticate: (basic|bearer) ' <<<"$challenge")"

status_of() {
  curl --silent --output /dev/null --write-out '%{http_code}' --max-time 20 "$@"
}
equal 'basic credentials open the ping' 200 "$(status_of --user "$user:$password" "$url/v2/")"
equal 'a wrong secret does not' 401 "$(status_of --user "$user:wrong-$password" "$url/v2/")"
equal 'an unknown user does not' 401 "$(status_of --user "nobody:$password" "$url/v2/")"
equal 'an anonymous upload is challenged' 401 "$(status_of --request POST "$url/v2/$namespace/anonymous/blobs/uploads/")"
equal 'an anonymous manifest is challenged' 401 "$(status_of "$url/v2/$namespace/anonymous/manifests/latest")"
