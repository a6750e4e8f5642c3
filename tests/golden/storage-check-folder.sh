set -u
fail() {
    echo "storage check failed: $1" > /proc/1/fd/2
    exit 1
}

folder=/var/lib/registry
for part in docker registry v2 repositories; do
    [ -d "$folder/$part" ] || break
    folder="$folder/$part"
done
said=$(mkdir "$folder/.check-$$" 2>&1) || fail "$said"
rmdir "$folder/.check-$$"
touch /dev/shm/storage-checked
