// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/progress.hpp"
#include "tools/doppel/console.hpp"
#include "tools/doppel/timestamp.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace doppel::cli {

/// "1,234,567".
[[nodiscard]] std::string format_number(std::uint64_t number);
/// At most six characters: "9876", "45.6k", "1.23M"; cut, not rounded.
[[nodiscard]] std::string format_short(std::uint64_t number);
/// "850ms", "12.3s", "3m05s", "2h07m".
[[nodiscard]] std::string format_elapsed(std::chrono::milliseconds elapsed);
/// The same; below 0 counts as 0, and more than thirty years as that.
[[nodiscard]] std::string format_seconds(double seconds);
/// One line without time and line end that fits 80 columns in common cases; what is unknown is left
/// out.
[[nodiscard]] std::string format_progress(const Progress& progress);
/// All findings, refusals first, each with its hint below it.
[[nodiscard]] std::string format_findings(const Findings& findings);
[[nodiscard]] std::string format_differences(const Differences& differences);
[[nodiscard]] std::string format_summary(const Summary& summary);

/// Shows a run to a person. On a terminal: phases, notices and results as lines above one progress
/// line. Otherwise lines with the time, those of the progress at most every 5 s, the first at once.
/// Findings that refuse and differences go to standard error.
class TextRenderer final : public Observer {
public:
    /// `quiet` shows findings and differences only. `console` must outlive the renderer.
    TextRenderer(Console& console, bool quiet, WallClock clock);

    void on_event(const ProgressEvent& event) override;

private:
    void show(const PhaseChanged& event);
    void show(const Progress& event);
    void show(const Notice& event);
    void show(const Differences& event);
    void show(const Findings& event);
    void show(const Verified& event);
    void show(const Summary& event);
    [[nodiscard]] std::string stamped(const std::string& text) const;

    Console& console_;
    bool quiet_;
    WallClock clock_;
    std::optional<std::chrono::milliseconds> last_line_;
};

}  // namespace doppel::cli
