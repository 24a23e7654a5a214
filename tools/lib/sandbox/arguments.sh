# shellcheck shell=bash
#
# The command line of tools/sandbox. A command calls parse_arguments with the options it allows and finds
# what was given in the variables below; a mistake ends the script with exit code 2.

NAME=default
ALL=
NAMED=
FLAVOR=
REPLICA=
MYSQLD=
OWNER=
OPTIONS=()
REPLICA_OPTIONS=()
REST=()

# parse_arguments "ALLOWED OPTIONS" ARGUMENTS..: sets the variables above. With "rest" among the
# allowed ones everything from the first unknown argument on goes to REST.
parse_arguments() {
    local allowed=" $1 " word value
    shift
    while (($# > 0)); do
        word=${1%%=*}
        if [[ "$word" != --?* || "$allowed" != *" $word "* ]]; then
            [[ "$1" == -- ]] && shift
            REST=("$@")
            break
        fi
        case $word in
            --all) ALL=1 && shift && continue ;;
            --replica) REPLICA=1 && shift && continue ;;
        esac
        if [[ "$1" == *=* ]]; then
            value=${1#*=}
            shift
        else
            (($# >= 2)) || die_usage "$word needs a value"
            value=$2
            shift 2
        fi
        set_argument "$word" "$value"
    done
    if [[ "$allowed" != *" rest "* ]] && ((${#REST[@]} > 0)); then
        die_usage "what is ${REST[0]}?"
    fi
}

set_argument() {
    local value=$2
    case $1 in
        --name)
            [[ "$value" =~ ^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$ ]] || die_usage "not a sandbox name: $value"
            NAME=$value
            NAMED=1
            ;;
        --flavor)
            [[ "$value" == mysql || "$value" == mariadb ]] || die_usage "not a flavor: $value"
            FLAVOR=$value
            ;;
        --mysqld) MYSQLD=$value ;;
        --owner)
            [[ "$value" =~ ^[1-9][0-9]*$ ]] || die_usage "not a process id: $value"
            OWNER=$value
            ;;
        --option)
            check_option "$value"
            OPTIONS+=("$value")
            ;;
        --replica-option)
            check_option "$value"
            REPLICA_OPTIONS+=("$value")
            ;;
    esac
}

check_option() {
    [[ "$1" =~ ^[A-Za-z][A-Za-z0-9_.-]*(=[^$'\n']*)?$ ]] || die_usage "not KEY=VALUE: $1"
}
