# Runs a PostgreSQL of its own, which flushes what it commits, for as long as
# somebody holds its standard input. It says when it is there.
#
# cluster.sh FOLDER_OF_PROGRAMS PORT
set -eu
bin=$1 port=$2

folder=$(mktemp -d "${TMPDIR:-/var/tmp}/invited-bench.XXXXXX")
stop() {
    "$bin/pg_ctl" -D "$folder/data" -s -m immediate stop || true
    rm -rf "$folder"
}
trap stop EXIT
cd "$folder"
"$bin/initdb" -D data -U invited -A trust -E UTF8 --locale=C >initdb
cat >>data/postgresql.conf <<SETTINGS
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder'
max_connections = 200
shared_buffers = 1GB
max_wal_size = 8GB
SETTINGS
"$bin/pg_ctl" -D data -s -w -l log start || { cat log >&2; exit 1; }
echo "ready"
cat >/dev/null
