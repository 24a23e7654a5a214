// SPDX-License-Identifier: Apache-2.0
#include "throttle/http_signal.hpp"

#include "throttle/measure.hpp"
#include "throttle/settings.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include <curl/curl.h>
#include <fmt/format.h>

namespace doppel::throttle {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLimit{1'500};
constexpr milliseconds kInterval{1'000};
constexpr milliseconds kAnswerLook{200};
constexpr long kOk = 200;

/// The status is all that is wanted: the body is dropped, and a long one given up.
std::size_t drop(const char* /*bytes*/, std::size_t size, std::size_t count, void* total) {
    constexpr std::size_t kBodyMax = std::size_t{1} << 20;
    auto& received = *static_cast<std::size_t*>(total);
    received += size * count;
    return received > kBodyMax ? 0 : size * count;
}

}  // namespace

HttpAnswer ask_url(const std::string& url, milliseconds limit) {
    static std::once_flag initialized;
    std::call_once(initialized, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(
        curl_easy_init(), curl_easy_cleanup
    );
    HttpAnswer answer;
    if (!handle) {
        answer.problem = "no memory";
        return answer;
    }
    std::size_t received = 0;
    CURL* const curl = handle.get();
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, limit.count());
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "doppel");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received);
    const CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    if (answer.status == 0) {
        answer.problem = code == CURLE_OK ? "no HTTP status" : curl_easy_strerror(code);
    }
    return answer;
}

async::awaitable<void> HttpSignal::run() {
    Clock::time_point next;
    while (!stopping_) {
        const auto now = Clock::now();
        const std::string url = options_.http;
        if (url.empty() || url != asked_) {
            last_good_ = now;
            answer_ = {};
            last_status_.reset();
            asked_ = url;
            next = now;
        }
        if (!url.empty() && now >= next) {
            auto ask = [&url] { return ask_url(url, kLimit); };
            answer_ = co_await worker_.run(ask);
            if (answer_.status != 0) {
                last_good_ = Clock::now();
                last_status_ = answer_.status;
            }
            next = now + kInterval;
        }
        co_await ended_.wait(kAnswerLook);
    }
}

void HttpSignal::report(Clock::time_point now, std::vector<Pressure>& pressures) const {
    if (options_.http.empty()) {
        return;
    }
    const bool answered = last_status_ || !answer_.problem.empty();
    if (options_.http != asked_ || !answered) {
        pressures.push_back(not_read_yet("throttle-http", "--throttle-http"));
        return;
    }
    Pressure pressure;
    pressure.name = "throttle-http";
    pressure.cause = "throttle-http";
    const auto silence = now - last_good_;
    if (!answer_.problem.empty() && (!last_status_ || silence > options_.grace)) {
        pressure.level = 1;
        pressure.reason = fmt::format(
            "--throttle-http could not be read for {}: {}",
            seconds_text(std::chrono::duration<double>(silence).count()),
            answer_.problem
        );
    } else {
        pressure.level = last_status_ == kOk ? 0 : 1;
        pressure.reason = fmt::format("--throttle-http answers {}", last_status_.value_or(0));
    }
    pressures.push_back(std::move(pressure));
}

}  // namespace doppel::throttle
