// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/texts.hpp"

#include "throttle/settings.hpp"

#include <string_view>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

constexpr const char* kExitCodes = R"(Exit codes:
  0    done
  1    failed; the table is untouched, what was left behind is named
  2    the command line or the statement is wrong
  3    refused by a check before anything was changed
  4    the server was lost or its state stands in the way; the same command goes on
  5    the data does not fit the new schema (duplicate, truncation, NULL); the table is untouched
  130  stopped by a signal; the table is untouched, the same command goes on (a second signal, a
       second later or more, ends at once with 128 + its number)
)";

std::string_view control_purpose(std::string_view command) {
    if (command == "pause") {
        return "Stops the copying of a running migration. Changes are replayed all the same.";
    }
    if (command == "resume") {
        return "Lets the copying of a migration go on that doppel pause had stopped.";
    }
    if (command == "cutover") {
        return "Ends the wait of --postpone-cutover: the tables are swapped as soon as that may "
               "be.";
    }
    if (command == "abort") {
        return "Ends a running migration. What it has copied is kept: the same doppel alter goes "
               "on "
               "with\nit, doppel cleanup removes it.";
    }
    return "Changes a limit of a running migration.";
}

/// Wrapped.
std::string setting_names() {
    std::string text;
    std::size_t column = 8;
    for (const auto& [name, value] : throttle::list_settings(ThrottleOptions())) {
        if (column + name.size() > 96) {
            text += "\n";
            column = 0;
        }
        text += name + ", ";
        column += name.size() + 2;
    }
    return text + "threads or chunk-time";
}

}  // namespace

std::string version_text() {
    return "doppel " DOPPEL_VERSION "\n";
}

std::string main_help() {
    return fmt::format(
        R"(Changes the schema of a live MySQL table.

Usage:
  doppel alter [options] "ALTER TABLE db.t ADD COLUMN note TEXT"
  doppel verify [options] db.a db.b
  doppel status [options] db.t
  doppel pause | resume | cutover | abort [options] db.t
  doppel set [options] NAME=VALUE db.t
  doppel cleanup [options] db.t
  doppel --help | --version

Commands:
  alter    run one ALTER TABLE statement while the table stays in use; see doppel alter --help
  verify   compare two tables row by row, byte by byte; see doppel verify --help
  status   show how a migration is getting on, or what became of it; see doppel status --help
  pause    stop copying; resume lets it go on; see doppel pause --help
  cutover  end the wait of --postpone-cutover
  abort    end a running migration; what it has copied is kept
  set      change a limit of a running migration, e.g. max-lag=500ms; see doppel set --help
  cleanup  remove what a migration that was given up left behind; see doppel cleanup --help

{})",
        kExitCodes
    );
}

std::string alter_help(const OptionTable& table) {
    return fmt::format(
        R"(Runs one ALTER TABLE statement while the table stays in use.

Usage:
  doppel alter [options] "ALTER TABLE db.t ADD COLUMN note TEXT"
  doppel alter [options] - < statement.sql
  doppel alter --dry-run [options] "ALTER TABLE db.t ADD COLUMN note TEXT"

{}
DURATION is a whole number and a unit: 500ms, 2s, 5m, 1h. NUMBER may end in k (thousand), M or G,
SIZE in k (1024 bytes), M or G. Every option but those for option files, --help and --version may
stand in group [doppel] of an option file, without the dashes.

{})",
        table.help(),
        kExitCodes
    );
}

std::string verify_help(const OptionTable& table) {
    return fmt::format(
        R"(Compares two tables of one server row by row, byte by byte, without locks.

Usage:
  doppel verify [options] db.a db.b

Rows are found by a unique key on NOT NULL columns that both tables have. Where types differ, the
values of the first table are converted as ALTER TABLE would. Rows that differ are looked at again
some times, as the tables may be changing.

{}
DURATION is a whole number and a unit: 500ms, 2s, 5m, 1h. NUMBER may end in k (thousand), M or G.

Exit codes:
  0    the tables are equal
  1    they differ, or the comparison failed; the first ten keys are named
  2    the command line is wrong
  3    the tables cannot be compared: one is missing, or they share no key
  4    the server was lost
)",
        table.help()
    );
}

std::string status_help(const OptionTable& table) {
    return fmt::format(
        R"(Shows how the migration of a table is getting on, or what became of it.

Usage:
  doppel status [options] db.t

It reads what the migration keeps on the server, also when no process runs it, also at a replica. It
takes no lock, changes nothing, and needs SELECT on the table's schema only. With --json the field
`state` is one of

  none        there is no migration of the table
  preparing   a process checks, or makes its tables; no rows are copied yet
  running     a process runs it
  stopped     no process runs it: the same doppel alter goes on with it, doppel cleanup ends it
  swapped     the table has its new definition; clean-up is left or under way
  unreadable  there is one, but what it recorded cannot be read; `problem` says why

{}
Exit codes:
  0    the status was read, also when there is no migration
  2    the command line is wrong
  3    the account may not see it
  4    the server was lost or cannot be reached
)",
        table.help()
    );
}

std::string cleanup_help(const OptionTable& table) {
    return fmt::format(
        R"(Removes what a migration that was given up left behind.

Usage:
  doppel cleanup [options] db.t

It lists the tables and asks before it drops them. Tables that the migration did not make are never
touched; the former table goes only if the migration had been told --drop-old. Without --yes, and
where nobody can be asked, it only lists.

{}
Exit codes:
  0    done, or there was nothing to clean up
  1    failed; what was removed and what is left is named
  2    the command line is wrong
  3    refused: a process runs the migration, it is not sure what belongs to it, or --yes is missing;
       nothing was changed
  4    the server was lost; the same command goes on
  130  the answer was not yes; nothing was changed
)",
        table.help()
    );
}

std::string control_help(const std::string& command, const OptionTable& table) {
    const bool sets = command == "set";
    return fmt::format(
        R"({}

Usage:
  doppel {} [options] {}db.t

The run must be one of this user on this machine. The server is asked who it is, as several may be
migrated from here.{}

{}
Exit codes:
  0    done
  1    the run gives no answer
  2    the command line, the name or the value is wrong
  3    there is no such run here
  4    the server was lost or cannot be reached
)",
        control_purpose(command),
        command,
        sets ? "NAME=VALUE " : "",
        sets ? "\n\nNAME is " + setting_names() +
                   ",\nas in the options of doppel alter; off takes a limit away."
             : std::string(),
        table.help()
    );
}

}  // namespace doppel::cli
