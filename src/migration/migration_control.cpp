// SPDX-License-Identifier: Apache-2.0
//
// What people tell a run while it goes on, over its socket.
#include "base/quantity.hpp"
#include "control/location.hpp"
#include "migration/migration.hpp"
#include "migration/throttle_json.hpp"
#include "throttle/settings.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace doppel::migration {
namespace {

using Clock = std::chrono::steady_clock;
using control::Answer;

constexpr const char* kCommands = "status, pause, resume, cutover, abort and set";

Answer unknown_command(const std::string& command) {
    return control::refused(
        Errc::usage, fmt::format("'{}' is no command; there are {}", command, kCommands)
    );
}

}  // namespace

async::awaitable<void> Migration::open_control() {
    if (!options_.control) {
        co_return;
    }
    std::string uuid;
    auto read = [&uuid](sql::Session& session) {
        uuid = session.query("SELECT @@server_uuid").scalar().value_or("");
    };
    co_await main_session_->run_surely(read, options_.reconnect_limit);
    make_control(uuid);
    if (control_) {
        control_tasks_.spawn(control_->run(control_tasks_));
    }
}

void Migration::make_control(const std::string& server_uuid) {
    try {
        std::string path = options_.control_socket;
        if (path.empty()) {
            control::require_directory(control::runtime_directory());
            path = control::socket_path(server_uuid, table_);
        }
        control_ = std::make_unique<control::Server>(
            executor_,
            std::move(path),
            [this](const ControlRequest& request) { return answer(request); },
            logger_
        );
        logger_.debug("listening on {}", control_->path());
    } catch (const Error& error) {
        if (!options_.control_socket.empty()) {
            throw;
        }
        notice(fmt::format("doppel pause and the like cannot reach this run: {}", error.what()));
    }
}

async::awaitable<void> Migration::close_control() {
    if (control_) {
        control_->stop();
    }
    co_await control_tasks_.settle();
    control_.reset();
}

Answer Migration::answer(const ControlRequest& request) {
    const std::string& command = request.command;
    const std::string table = table_.str();
    if (command == "status") {
        return tell_status();
    }
    if (command == "set") {
        return set(request);
    }
    if (command == "pause") {
        const bool is_new = !orders_.paused_since;
        orders_.paused_since = orders_.paused_since.value_or(Clock::now());
        if (is_new) {
            notice("copying is paused by doppel pause");
        }
        return control::done(fmt::format(
            "copying of {} {}; changes are replayed all the same. doppel resume lets it go on",
            table,
            is_new ? "is paused" : "was paused already"
        ));
    }
    if (command == "resume") {
        const bool was_paused = orders_.paused_since.has_value();
        orders_.paused_since.reset();
        if (was_paused) {
            notice("copying goes on by doppel resume");
        }
        return control::done(
            fmt::format("copying of {} {}", table, was_paused ? "goes on" : "was not paused")
        );
    }
    if (command == "cutover") {
        const bool is_postponed =
            orders_.options.postpone_cutover || !orders_.options.postpone_file.empty();
        orders_.cutover_now = true;
        return control::done(fmt::format(
            "the swap of {} {}",
            table,
            is_postponed ? "is not postponed any more" : "was not postponed"
        ));
    }
    if (command == "abort") {
        orders_.abort("stopping: doppel abort");
        return control::done(fmt::format(
            "the migration of {} ends, and keeps what it has copied: the same doppel alter goes on "
            "with it, doppel cleanup removes it",
            table
        ));
    }
    return unknown_command(command);
}

Answer Migration::set(const ControlRequest& request) {
    if (request.name == "threads" || request.name == "chunk-time") {
        return set_pace(request);
    }
    if (!throttle::is_setting(request.name)) {
        return control::refused(
            Errc::usage,
            fmt::format(
                "'{}' cannot be set; what can is: {}, threads, chunk-time",
                request.name,
                throttle::setting_names()
            )
        );
    }
    ThrottleOptions changed = orders_.options;
    const auto applied = throttle::apply_setting(changed, request.name, request.value);
    if (!applied) {
        return control::refused(
            Errc::usage, fmt::format("{}: {}", request.name, applied.failure().message)
        );
    }
    const auto problem = throttle::limits_problem(changed);
    if (problem && !throttle::limits_problem(orders_.options)) {
        return control::refused(Errc::usage, *problem);
    }
    orders_.options = std::move(changed);
    for (const auto& [name, value] : throttle::list_settings(orders_.options)) {
        if (name == request.name) {
            notice(fmt::format("doppel set: {} is {}", name, value));
            return control::done(fmt::format("{} is {} now", name, value));
        }
    }
    return control::done("done");
}

Answer Migration::set_pace(const ControlRequest& request) {
    if (!run_) {
        return control::refused(
            Errc::refused, fmt::format("{} can be set once copying has begun", request.name)
        );
    }
    const bool is_time = request.name == "chunk-time";
    if (is_time) {
        const auto time = base::parse_duration(request.value);
        if (!time || time->count() < 1 || *time > std::chrono::minutes(1)) {
            return control::refused(
                Errc::usage,
                "chunk-time: " + (time ? "it is not between 1ms and 1m" : time.failure().message)
            );
        }
        run_->pace().set_chunk_time(*time);
    } else {
        const auto count = base::parse_count(request.value);
        if (!count || *count < 1 || *count > options_.threads) {
            return control::refused(
                Errc::usage,
                fmt::format(
                    "threads: write 1 to {}, as many as the run began with", options_.threads
                )
            );
        }
        run_->pace().set_workers_max(static_cast<unsigned>(*count));
    }
    notice(fmt::format("doppel set: {} is {}", request.name, request.value));
    return control::done(fmt::format("{} is {} now", request.name, request.value));
}

Answer Migration::tell_status() const {
    Progress progress;
    progress.phase = phase_;
    if (run_) {
        progress = run_->progress();
    }
    Answer answer = control::done("");
    control::Json& details = answer.details;
    details["table"] = table_.str();
    details["statement"] = statement_text_;
    details["server"] = sessions_.options().describe();
    details["process_id"] = ::getpid();
    details["phase"] = to_string(progress.phase);
    details["rows_copied"] = progress.rows_copied;
    details["rows_estimated"] = progress.rows_estimated;
    details["rows_per_second"] = progress.rows_per_second;
    details["keys_pending"] = progress.keys_pending;
    details["throttle"] = to_json(progress.throttle);
    control::Json settings = control::Json::object();
    for (const auto& [name, value] : throttle::list_settings(orders_.options)) {
        settings[name] = value;
    }
    if (run_) {
        const auto& limits = run_->pace().limits();
        settings["threads"] = fmt::to_string(limits.workers_max);
        settings["chunk-time"] = base::format_duration(limits.chunk_time);
    }
    details["settings"] = std::move(settings);
    return answer;
}

}  // namespace doppel::migration
