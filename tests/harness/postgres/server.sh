# Runs a PostgreSQL of its own for as long as somebody holds its standard
# input: whoever started it may end in any way. It says when it is there.
#
# server.sh FOLDER_OF_PROGRAMS PORT PASSWORD ISOLATION
set -eu
bin=$1 port=$2 password=$3 isolation=$4

folder=$(mktemp -d "${TMPDIR:-/tmp}/invited-postgres.XXXXXX")
stop() {
    "$bin/pg_ctl" -D "$folder/data" -s -m immediate stop 2>"$folder/stop" || true
    rm -rf "$folder"
}
trap stop EXIT
cd "$folder"

# Passwords are asked for, by the way that takes an unoptimized client the least time.
printf '%s\n' "$password" >password
"$bin/initdb" -D data -U invited -A md5 --pwfile=password -E UTF8 --locale=C --no-sync >initdb 2>&1 ||
    { cat initdb >&2; exit 1; }
# What is in it is lost with the process anyway: nothing is flushed.
cat >>data/postgresql.conf <<SETTINGS
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder'
max_connections = 400
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
default_transaction_isolation = '$isolation'
SETTINGS
"$bin/pg_ctl" -D data -s -w -l log start || { cat log >&2; exit 1; }
echo "ready in $folder"
cat >/dev/null
