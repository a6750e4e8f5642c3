set -u
fail() {
    echo "storage check failed: $1" > /proc/1/fd/2
    exit 1
}

log=/dev/shm/storage-check.log
answer=/dev/shm/storage-check.answer
url=http://127.0.0.1:5002
[ ! -e /etc/distribution/proxy.env ] || . /etc/distribution/proxy.env
/bin/registry serve /etc/distribution/storage-check.yml > "$log" 2>&1 &
trap "kill $! 2> /dev/null" EXIT
tries=0
until timeout 2 wget -q -O /dev/null "$url/" 2> /dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || fail "$(cat "$log")"
    sleep 0.2
done
if ! timeout 8 wget -S -O /dev/null --post-data= "$url/v2/storage-check/blobs/uploads/" 2> "$answer"; then
    [ -s "$log" ] || fail "the store does not answer"
    fail "$(cat "$log")"
fi
upload=$(sed -n 's/^ *Location: *//p' "$answer" | tr -d '\r')
: > "$answer"
{
    printf 'PUT %s&digest=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 HTTP/1.0\r\n' "$upload"
    printf 'Host: localhost\r\nContent-Length: 0\r\n\r\n'
    tries=0
    while [ ! -s "$answer" ] && [ "$tries" -lt 40 ]; do
        sleep 0.2
        tries=$((tries + 1))
    done
} | nc 127.0.0.1 5002 > "$answer"
grep -q '^HTTP/1.. 201' "$answer" || fail "$(cat "$log" "$answer")"
touch /dev/shm/storage-checked
