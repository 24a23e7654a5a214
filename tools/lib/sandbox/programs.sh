# shellcheck shell=bash
#
# The server and client programs: a command calls select_server, which downloads the server once if need be
# and sets the variables below, by which everything else starts programs and finds their files. What differs
# between MySQL and MariaDB is in mysql.sh and mariadb.sh and is reached through flavor.

# How to start the programs, and where their files are.
LOADER=()
SERVER=
CLIENT=()
SHARE=
PLUGINS=
# The folder of the cache for this program.
HOME_DIR=

# flavor FUNCTION ARGUMENTS..: calls mysql_FUNCTION or mariadb_FUNCTION.
flavor() { "${FLAVOR}_$1" "${@:2}"; }

# select_server: fills the variables above for FLAVOR (and MYSQLD); fetches the server if need be.
select_server() {
    if [[ -n "$MYSQLD" ]]; then
        select_given_server
        return
    fi
    HOME_DIR=$CACHE/$FLAVOR
    local root=$HOME_DIR/root
    make_once "$root" fetch_server "$root"
    set_loader "$root"
    SHARE=$root/usr/share/mysql
    PLUGINS=$root/usr/lib/mysql/plugin
    SERVER=$(first_existing "$root"/usr/sbin/{mariadbd,mysqld}) || die "no server in $root: remove $CACHE and try again"
    CLIENT=("${LOADER[@]}" "$(first_existing "$root"/usr/bin/{mariadb,mysql})")
}

# A server program of the user's own runs as it is and finds its own files.
select_given_server() {
    local bin client
    [[ -x "$MYSQLD" ]] || die "cannot run $MYSQLD"
    MYSQLD=$(readlink -f "$MYSQLD")
    SERVER=$MYSQLD
    LOADER=()
    case $("$SERVER" --no-defaults --version) in
        *MariaDB*) FLAVOR=mariadb ;;
        *) FLAVOR=mysql ;;
    esac
    HOME_DIR=$CACHE/given-$(printf '%s' "$SERVER $(stat -c '%s %Y' "$SERVER")" | cksum | cut -d' ' -f1)
    bin=$(dirname "$SERVER")
    client=$(first_existing "$bin"/{mysql,mariadb} "$bin"/../bin/{mysql,mariadb} || command -v mysql || command -v mariadb) ||
        die "no mysql client beside $SERVER nor in PATH"
    CLIENT=("$client")
    # Only MariaDB needs it, to initialise a data folder.
    SHARE=$(first_existing "$bin"/../share/mysql "$bin"/../share || true)
    PLUGINS=
}

fetch_server() {
    command -v apt-get >/dev/null || die "downloading a server needs Debian's apt; use --mysqld PATH instead"
    say "downloading $FLAVOR (once)"
    flavor unpack "$1"
}

# set_loader ROOT: a program of another Debian runs only with that Debian's own loader and libraries.
set_loader() {
    local root=$1 loader libraries='' dir
    loader=$(first_existing "$root"/usr/lib/*-linux-gnu/ld-linux*.so.* "$root"/lib/*-linux-gnu/ld-linux*.so.*) ||
        die "no program loader in $root: remove $CACHE and try again"
    for dir in "$root"/usr/lib/*-linux-gnu "$root"/lib/*-linux-gnu "$root"/usr/lib/mysql/private; do
        [[ -d "$dir" ]] && libraries+=${libraries:+:}$dir
    done
    LOADER=("$loader" --library-path "$libraries")
}
