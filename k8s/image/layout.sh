#!/bin/sh
# Lays out the whole file system of the image in a folder: the binary, the libraries that it is linked with, authorities, users,
# and nothing else. The Dockerfile and `cargo xtask image` both use it, so that what is tested is what is shipped.
# layout.sh BINARY FOLDER
set -eu
binary=$1
root=$2

mkdir -p "$root/usr/local/bin" "$root/etc/ssl/certs" "$root/tmp" "$root/data" "$root/proc"
install -m 0755 "$binary" "$root/usr/local/bin/perennial"

# Each library at the path at which the loader looks for it, and the loader itself.
ldd "$binary" | grep -o '/[^ )]*' | sort -u | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  install -m 0755 "$library" "$root$library"
done

install -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
printf 'nonroot:x:65532:65532:nonroot:/data:/sbin/nologin\n' > "$root/etc/passwd"
printf 'nonroot:x:65532:\n' > "$root/etc/group"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
# Names are resolved by libraries that glibc loads when it needs them.
for library in libnss_dns.so.2 libnss_files.so.2 libresolv.so.2; do
  found=$(ldconfig -p | awk -v name="$library" '$1 == name { print $NF; exit }')
  if [ -n "$found" ]; then
    mkdir -p "$root$(dirname "$found")"
    install -m 0755 "$found" "$root$found"
  fi
done

chmod 1777 "$root/tmp"
chown 65532:65532 "$root/data"
# One time for every file: the same content gives the same image.
find "$root" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:-0}" {} +
