// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/throttle_options.hpp"

#include "base/quantity.hpp"
#include "throttle/settings.hpp"
#include "tools/common/usage_error.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

OptionSpec option(std::string name, std::string value_name, std::string help) {
    return {
        std::move(name),
        '\0',
        Argument::required,
        Scope::program,
        std::move(value_name),
        std::move(help)};
}

void apply(const GivenOption& given, ThrottleOptions& options) {
    const auto applied =
        throttle::apply_setting(options, given.name, given.value.value_or(std::string()));
    if (!applied) {
        throw UsageError(fmt::format("{}: {}", given.origin, applied.failure().message));
    }
}

void apply_postponement(const Settings& settings, ThrottleOptions& options) {
    const GivenOption* const given = settings.find("postpone-cutover");
    if (given == nullptr) {
        return;
    }
    options.postpone_cutover = !given->value;
    options.postpone_file = given->value.value_or(std::string());
}

std::vector<OptionSpec> replica_options(const ThrottleOptions& defaults) {
    return {
        option(
            "max-lag",
            "DURATION",
            fmt::format(
                "Copying is steered so that no replica is farther behind than this, 50ms to 1h, or "
                "off. Measured by a heartbeat of the run's own. Default: {}.",
                base::format_duration(*defaults.max_lag)
            )
        ),
        option(
            "critical-lag",
            "DURATION",
            "A hard limit of the same, 100ms to 24h, not below --max-lag. Default: off."
        ),
        option(
            "replica",
            "HOST:PORT|none",
            "A replica whose lag counts, also before it was reached; may be given several times. "
            "Replicas that the server knows (SHOW REPLICAS), and theirs, are found without; none: "
            "they are not looked for."
        ),
        option(
            "replica-may-vanish",
            "HOST:PORT",
            "One whose lag counts while it can be reached, and that is not waited for while it "
            "cannot; may be given several times."
        ),
        option(
            "ignore-replica",
            "HOST:PORT",
            "One that is not watched although it is found, such as one that is delayed on purpose; "
            "may be given several times."
        ),
    };
}

std::vector<OptionSpec> server_options(const ThrottleOptions& defaults) {
    return {
        option(
            "max-load",
            "VARIABLE=N,..",
            "Copying slows down as these status variables come near to their limits, and stands "
            "still at them, e.g. Threads_running=25. Default: off."
        ),
        option(
            "critical-load",
            "VARIABLE=N,..",
            "Hard limits of the same, not below those. Default: off."
        ),
        option(
            "max-commit-latency",
            "DURATION",
            "The same for the time that the commit of a heartbeat takes, 1ms to 1m. Default: off."
        ),
        option(
            "critical-commit-latency",
            "DURATION",
            "A hard limit of it, not below that. Default: off."
        ),
        option(
            "max-history-length",
            "NUMBER",
            "The same for InnoDB's history list, which needs PROCESS. Default: off."
        ),
        option(
            "critical-history-length", "NUMBER", "A hard limit of it, not below that. Default: off."
        ),
        option(
            "throttle-query",
            "SELECT ..",
            "Copying stands still while the first value that this gives is not 0. Asked once a "
            "second; what takes longer than 1.5s cannot be read. Default: none."
        ),
        option(
            "throttle-http",
            "URL",
            "Copying stands still while this does not answer 200. Asked once a second, with 1.5s "
            "to answer. Default: none."
        ),
        option(
            "throttle-flag-file", "FILE", "Copying stands still while this exists. Default: none."
        ),
        option(
            "throttle-grace",
            "DURATION",
            fmt::format(
                "A signal that cannot be read for this long counts as over its limit, 0s to 10m; "
                "one that never was does at once. Default: {}.",
                base::format_duration(defaults.grace)
            )
        ),
        option(
            "critical-action",
            "abort|pause",
            "What a hard limit does: end the run, which keeps its state (exit 4), or stop copying "
            "until it is kept again. Default: abort."
        ),
    };
}

}  // namespace

OptionSection throttle_section() {
    const ThrottleOptions defaults;
    OptionSection section{"Throttling", replica_options(defaults)};
    for (OptionSpec& spec : server_options(defaults)) {
        section.options.push_back(std::move(spec));
    }
    section.options.push_back(option(
        "nice",
        "SHARE",
        "Share of the copy's time that is given away in any case, 0 to 0.95: with 0.5 it takes "
        "twice as long. Default: 0."
    ));
    section.options.push_back(option(
        "window",
        "HH:MM-HH:MM[ ZONE]",
        "Rows are copied in this part of the day only, e.g. '22:00-06:00 Europe/Berlin'. Without a "
        "zone by the clock of this machine. Default: always."
    ));
    section.options.push_back(
        option("cutover-window", "HH:MM-HH:MM[ ZONE]", "The same for the swap. Default: always.")
    );
    section.options.push_back(
        {"postpone-cutover",
         '\0',
         Argument::optional,
         Scope::program,
         "FILE",
         "Do everything but the swap, and wait: for doppel cutover, or until FILE is gone."}
    );
    return section;
}

OptionSection control_section() {
    OptionSection section = control_socket_section();
    section.options.insert(
        section.options.begin(),
        option(
            "control",
            "on|off",
            "Listen on a Unix socket for doppel pause, set and the like. Default: on."
        )
    );
    return section;
}

OptionSection control_socket_section() {
    OptionSection section{"Running control", {}};
    section.options = {option(
        "control-socket",
        "PATH",
        "The run's socket. Default: in $XDG_RUNTIME_DIR/doppel, else /run/doppel (root) or "
        "/tmp/doppel-UID, named by server and table."
    )};
    return section;
}

void apply_throttle_options(const Settings& settings, MigrationOptions& options) {
    for (const OptionSpec& spec : throttle_section().options) {
        for (const GivenOption* const given : settings.all(spec.name)) {
            if (spec.name != "postpone-cutover") {
                apply(*given, options.throttle);
            }
        }
    }
    if (const auto problem = throttle::limits_problem(options.throttle)) {
        throw UsageError("--" + *problem);
    }
    apply_postponement(settings, options.throttle);
    const GivenOption* const control = settings.find("control");
    if (control != nullptr) {
        const auto on = base::parse_switch(control->value.value_or(std::string()));
        if (!on) {
            throw UsageError(fmt::format("{}: write on or off", control->origin));
        }
        options.control = *on;
    }
    options.control_socket = settings.text("control-socket").value_or(std::string());
}

}  // namespace doppel::cli
