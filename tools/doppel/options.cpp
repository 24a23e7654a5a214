// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/options.hpp"

#include "base/text.hpp"
#include "tools/common/connection_options.hpp"
#include "tools/common/quantity.hpp"
#include "tools/common/usage_error.hpp"
#include "tools/doppel/command_dry_run.hpp"
#include "tools/doppel/throttle_options.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSecond{1'000};
constexpr milliseconds kMinute{60'000};
constexpr milliseconds kHour{3'600'000};
constexpr std::size_t kStatementBytesMax = 1024 * 1024;

OptionSpec flag_option(std::string name, char short_name, std::string help) {
    return {std::move(name), short_name, Argument::flag, Scope::program, "", std::move(help)};
}

OptionSpec value_option(std::string name, std::string value_name, std::string help) {
    return {
        std::move(name),
        '\0',
        Argument::required,
        Scope::program,
        std::move(value_name),
        std::move(help)};
}

OptionSpec duration_option(std::string name, milliseconds default_value, std::string_view help) {
    return value_option(
        std::move(name),
        "DURATION",
        fmt::format("{} Default: {}.", help, format_duration(default_value))
    );
}

OptionSpec count_option(std::string name, std::size_t default_value, std::string_view help) {
    return value_option(
        std::move(name), "NUMBER", fmt::format("{} Default: {}.", help, default_value)
    );
}

OptionSection effect_section(const MigrationOptions& defaults) {
    OptionSection section{"Effect on the application", {}};
    section.options = {
        duration_option(
            "lock-wait-timeout",
            defaults.lock_wait_timeout,
            "Longest wait for a table lock, in whole seconds, 1s to 1h."
        ),
        count_option(
            "cutover-attempts",
            defaults.cutover_attempts,
            "Attempts to swap the tables, 1 to 10000."
        ),
        duration_option(
            "cutover-backoff",
            defaults.cutover_backoff_max,
            "The pause between two attempts doubles from 500ms up to this, 500ms to 1h."
        ),
        duration_option(
            "cutover-lock-limit",
            defaults.cutover_lock_limit,
            "Longest time for which one attempt may hold the table lock, 100ms to 1m."
        ),
    };
    return section;
}

OptionSection speed_section(const MigrationOptions& defaults) {
    OptionSection section{"Speed", {}};
    section.options = {
        value_option(
            "index-build",
            "auto|inline|deferred",
            "When plain secondary indexes are built: row by row with the copy (inline), or at once "
            "after it (deferred), which is faster, and one long event for replicas. auto: deferred "
            "on a server without replicas, if the table is not small. Default: auto."
        ),
        count_option(
            "threads",
            defaults.threads,
            "Most sessions that copy rows at a time, 1 to 16. As many work while nobody else uses "
            "the server, one while somebody does. As many again may replay changes."
        ),
        count_option(
            "replay-threads",
            defaults.replay_threads_min,
            "Sessions that replay changes at least, 1 to 16 and not more than --threads. More do "
            "when changes come faster than they are replayed."
        ),
        count_option(
            "chunk-rows", defaults.chunk_rows_max, "Most rows in one chunk of the copy, 10 to 1M."
        ),
        duration_option(
            "chunk-time",
            defaults.chunk_time_target,
            "Time that one chunk should take; its rows follow from it, 1ms to 1m. While others use "
            "the "
            "server chunks take 25ms at most."
        ),
        count_option(
            "batch-keys",
            defaults.batch_keys_max,
            "Most keys in one transaction that replays changes, 1 to 100k."
        ),
        value_option(
            "batch-bytes",
            "SIZE",
            fmt::format(
                "Most bytes in one statement that replays changes, 1k to 64M; the server's "
                "max_allowed_packet limits it as well. Default: {}k.",
                defaults.batch_bytes_max / 1024
            )
        ),
        count_option(
            "pending-keys",
            defaults.pending_keys_max,
            "Reading the binlog pauses above this number of keys to replay, 1k to 1G."
        ),
    };
    return section;
}

OptionSection connection_care_section(const MigrationOptions& defaults) {
    OptionSection section{"Lost connections", {}};
    section.options = {
        duration_option(
            "heartbeat",
            defaults.heartbeat,
            "How often the server shows on the binlog connection that it is there when nothing "
            "changes, 100ms to 30s; three times that without a word count as a loss."
        ),
        duration_option(
            "silence-limit",
            defaults.silence_limit,
            "A connection on which the server answers nothing for this long, beyond "
            "--lock-wait-timeout, counts as lost, 1s to 24h. A statement that takes longer is "
            "given twice the time when it is repeated."
        ),
        duration_option(
            "reconnect-limit",
            defaults.reconnect_limit,
            "Give up (exit 4) when the server is away for this long, 0s to 24h."
        ),
    };
    return section;
}

OptionSection output_section(const MigrationOptions& defaults) {
    OptionSection section{"Output", {}};
    section.options = {
        {"help", '?', Argument::flag, Scope::command_line, "", "Show this text."},
        {"version", 'V', Argument::flag, Scope::command_line, "", "Show the version."},
        flag_option("json", '\0', "One JSON object per line on standard output."),
        duration_option(
            "progress-interval",
            defaults.progress_interval,
            "How often progress is shown, 100ms to 1h; at most every 5s when the output is not a "
            "terminal."
        ),
        flag_option("quiet", 'q', "Show errors and findings only."),
        flag_option("verbose", 'v', "The same as --log-level=debug."),
        value_option(
            "log-level",
            "LEVEL",
            "Log lines on standard error: debug, info, warning or error. Default: warning."
        ),
    };
    return section;
}

LogLevel parse_log_level(const GivenOption& given, const std::string& text) {
    constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels{
        {{"debug", LogLevel::debug},
         {"info", LogLevel::info},
         {"warning", LogLevel::warning},
         {"error", LogLevel::error}}};
    const std::string wanted = base::to_lower_ascii(text);
    for (const auto& [name, level] : kLevels) {
        if (wanted == name) {
            return level;
        }
    }
    throw UsageError(fmt::format(
        "{}: '{}' is not a level; write debug, info, warning or error", given.origin, text
    ));
}

bool is_on(const Settings& settings, std::string_view name, bool default_value) {
    const auto text = settings.text(name);
    if (!text) {
        return default_value;
    }
    const std::string wanted = base::to_lower_ascii(*text);
    if (wanted == "on" || wanted == "off") {
        return wanted == "on";
    }
    throw UsageError(
        fmt::format("{}: '{}' is neither on nor off", settings.find(name)->origin, *text)
    );
}

IndexBuild index_build(const Settings& settings, IndexBuild default_value) {
    const auto text = settings.text("index-build");
    if (!text) {
        return default_value;
    }
    const std::string wanted = base::to_lower_ascii(*text);
    if (wanted == "auto") {
        return IndexBuild::automatic;
    }
    if (wanted == "inline") {
        return IndexBuild::inline_;
    }
    if (wanted == "deferred") {
        return IndexBuild::deferred;
    }
    throw UsageError(fmt::format(
        "{}: '{}' is none of auto, inline and deferred", settings.find("index-build")->origin, *text
    ));
}

std::string read_statement(std::istream& input) {
    std::string text;
    std::array<char, 4096> buffer{};
    while (input.read(buffer.data(), buffer.size()) || input.gcount() > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(input.gcount()));
        if (text.size() > kStatementBytesMax) {
            throw UsageError("the statement on standard input is longer than 1 MiB");
        }
    }
    return text;
}

std::vector<OptionSection> alter_sections() {
    const MigrationOptions defaults;
    OptionSection what{"What happens", {}};
    what.options = {
        flag_option(
            "no-native", '\0', "Do not try the server's own instant or metadata-only change first."
        ),
        value_option(
            "verify",
            "on|off",
            "Compare every row with its copy before the swap, while the table is in use. Default: "
            "on."
        ),
        flag_option(
            "restart",
            '\0',
            "Remove what an earlier run of this migration left and begin anew, instead of going on "
            "with it."
        ),
        flag_option(
            "drop-old", '\0', "Drop the old table at the end. Default: it is kept as _NAME_old."
        ),
    };
    return {
        connection_section(),
        option_file_section(),
        dry_run_section(),
        what,
        effect_section(defaults),
        speed_section(defaults),
        throttle_section(),
        control_section(),
        connection_care_section(defaults),
        output_section(defaults)};
}

/// For commands that show no progress.
OptionSection brief_output_section() {
    OptionSection section = output_section(MigrationOptions());
    const auto has_no_use = [](const OptionSpec& option) {
        return option.name == "progress-interval";
    };
    section.options.erase(
        std::remove_if(section.options.begin(), section.options.end(), has_no_use),
        section.options.end()
    );
    return section;
}

OptionSection consent_section() {
    OptionSection section{"Consent", {}};
    section.options = {
        {"yes",
         '\0',
         Argument::flag,
         Scope::command_line,
         "",
         "Remove the tables without asking. Needed where nobody can be asked: when standard input "
         "or "
         "output is no terminal, and with --json."},
    };
    return section;
}

OptionSection compared_section() {
    OptionSection section{"What is compared", {}};
    section.options = {
        {"columns",
         '\0',
         Argument::required,
         Scope::command_line,
         "a=b,..",
         "Compare column a of the first table with column b of the second. Columns that are not "
         "named are compared with those of the same name."},
    };
    return section;
}

}  // namespace

OptionTable alter_option_table() {
    return OptionTable(alter_sections());
}

OptionTable verify_option_table() {
    const MigrationOptions defaults;
    OptionSection speed{"Speed", {}};
    OptionSection all = speed_section(defaults);
    for (OptionSpec& option : all.options) {
        if (option.name == "chunk-rows" || option.name == "chunk-time") {
            speed.options.push_back(std::move(option));
        }
    }
    OptionSection care{"Lost connections", {}};
    care.options = {duration_option(
        "silence-limit",
        VerifyOptions().silence_limit,
        "A server that answers nothing for this long counts as lost (exit 4), 1s to 24h. Raise it "
        "where comparisons take longer."
    )};
    return OptionTable(
        {connection_section(),
         option_file_section(),
         compared_section(),
         speed,
         care,
         output_section(defaults)}
    );
}

OptionTable verify_file_option_table() {
    std::vector<OptionSection> sections = alter_sections();
    sections.push_back(compared_section());
    return OptionTable(std::move(sections));
}

OptionTable status_option_table() {
    return OptionTable(
        {connection_section(),
         option_file_section(),
         control_socket_section(),
         brief_output_section()}
    );
}

OptionTable cleanup_option_table() {
    return OptionTable(
        {connection_section(), option_file_section(), consent_section(), brief_output_section()}
    );
}

OptionTable cleanup_file_option_table() {
    std::vector<OptionSection> sections = alter_sections();
    sections.push_back(consent_section());
    return OptionTable(std::move(sections));
}

MigrationOptions migration_options(const Settings& settings) {
    MigrationOptions options;
    const auto duration =
        [&](std::string_view name, milliseconds& field, milliseconds min, milliseconds max) {
            field = settings.duration(name, field, min, max);
        };
    const auto count = [&](std::string_view name, auto& field, std::uint64_t min, std::uint64_t max
                       ) {
        field = static_cast<std::decay_t<decltype(field)>>(settings.count(name, field, min, max));
    };
    options.try_native = !settings.flag("no-native");
    options.restart = settings.flag("restart");
    options.drop_old = settings.flag("drop-old");
    options.verify = is_on(settings, "verify", options.verify);
    duration("lock-wait-timeout", options.lock_wait_timeout, kSecond, kHour);
    if (options.lock_wait_timeout % kSecond != milliseconds::zero()) {
        throw UsageError(fmt::format(
            "{}: the server counts whole seconds; write {}s",
            settings.find("lock-wait-timeout")->origin,
            options.lock_wait_timeout / kSecond
        ));
    }
    count("cutover-attempts", options.cutover_attempts, 1, 10'000);
    duration("cutover-backoff", options.cutover_backoff_max, milliseconds(500), kHour);
    duration("cutover-lock-limit", options.cutover_lock_limit, milliseconds(100), kMinute);
    options.index_build = index_build(settings, options.index_build);
    count("threads", options.threads, 1, 16);
    count("replay-threads", options.replay_threads_min, 1, 16);
    count("chunk-rows", options.chunk_rows_max, 10, 1'000'000);
    duration("chunk-time", options.chunk_time_target, milliseconds(1), kMinute);
    count("batch-keys", options.batch_keys_max, 1, 100'000);
    options.batch_bytes_max =
        settings.byte_size("batch-bytes", options.batch_bytes_max, 1024, 64 * 1024 * 1024);
    count("pending-keys", options.pending_keys_max, 1'000, 1'000'000'000);
    duration("heartbeat", options.heartbeat, milliseconds(100), 30 * kSecond);
    duration("silence-limit", options.silence_limit, kSecond, 24 * kHour);
    duration("reconnect-limit", options.reconnect_limit, milliseconds(0), 24 * kHour);
    duration("progress-interval", options.progress_interval, milliseconds(100), kHour);
    apply_throttle_options(settings, options);
    return options;
}

VerifyOptions verify_options(const Settings& settings) {
    VerifyOptions options;
    options.chunk_rows_max = settings.count("chunk-rows", options.chunk_rows_max, 10, 1'000'000);
    options.chunk_time_target =
        settings.duration("chunk-time", options.chunk_time_target, milliseconds(1), kMinute);
    options.progress_interval =
        settings.duration("progress-interval", options.progress_interval, milliseconds(100), kHour);
    options.silence_limit =
        settings.duration("silence-limit", options.silence_limit, kSecond, 24 * kHour);
    return options;
}

OutputOptions output_options(const Settings& settings) {
    OutputOptions options;
    options.json = settings.flag("json");
    options.quiet = settings.flag("quiet");
    const bool verbose = settings.flag("verbose");
    if (verbose && options.quiet) {
        throw UsageError("--quiet contradicts --verbose; remove one of them");
    }
    if (const auto level = settings.text("log-level")) {
        options.log_level = parse_log_level(*settings.find("log-level"), *level);
    } else if (verbose) {
        options.log_level = LogLevel::debug;
    } else if (options.quiet) {
        options.log_level = LogLevel::error;
    }
    return options;
}

std::string statement_text(const Settings& settings, std::istream& input) {
    if (settings.positionals.empty()) {
        throw UsageError(
            "the statement is missing; write it in quotes after the options, e.g. doppel alter "
            "\"ALTER TABLE shop.orders ADD COLUMN note TEXT\", or - to read it from standard input"
        );
    }
    if (settings.positionals.size() > 1) {
        // The words are not repeated: one of them may be a password after "-p ".
        const GivenOption* const password = settings.find("password");
        const bool lost_password =
            password != nullptr && password->from_command_line && !password->value;
        throw UsageError(fmt::format(
            "{} statements were given, but one run takes one; put the statement into quotes{}",
            settings.positionals.size(),
            lost_password ? " (a password follows -p directly, without a space)" : ""
        ));
    }
    std::string text = settings.positionals.front();
    if (text == "-") {
        text = std::string(base::trim(read_statement(input)));
    }
    if (base::trim(text).empty()) {
        throw UsageError("the statement is empty; write an ALTER TABLE statement");
    }
    return text;
}

std::string table_argument(const Settings& settings, std::string_view command) {
    if (settings.positionals.size() != 1) {
        throw UsageError(fmt::format(
            "one table is needed, but {} were given; write doppel {} db.t",
            settings.positionals.size(),
            command
        ));
    }
    return settings.positionals.front();
}

}  // namespace doppel::cli
