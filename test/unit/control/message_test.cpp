// SPDX-License-Identifier: Apache-2.0
#include "control/message.hpp"

#include <gmock/gmock.h>

namespace doppel::control {
namespace {

using testing::HasSubstr;

TEST(Request, ComesBackAsItWas) {
    for (const ControlRequest& request :
         {ControlRequest{"pause", "", ""},
          ControlRequest{"set", "window", "22:00-06:00 \"x\"\n"}}) {
        const std::string line = to_line(request);
        EXPECT_EQ(line.find('\n'), line.size() - 1);
        const auto parsed = parse_request(line);
        ASSERT_TRUE(parsed.ok());
        EXPECT_EQ(parsed->command, request.command);
        EXPECT_EQ(parsed->name, request.name);
        EXPECT_EQ(parsed->value, request.value);
    }
}

TEST(Request, WhatItIsNotIsSaid) {
    for (const auto& [line, problem] : std::vector<std::pair<std::string, std::string>>{
             {"", "no JSON object"},
             {"pause", "no JSON object"},
             {"[]", "no JSON object"},
             {"{}", "the command is missing"},
             {R"({"command": 3})", "command is no text"},
             {R"({"command": "pause", "force": "yes"})", "there is no field force"},
             {R"({"command": "pause")", "no JSON object"}}) {
        const auto parsed = parse_request(line);
        ASSERT_FALSE(parsed.ok()) << line;
        EXPECT_THAT(parsed.failure().message, HasSubstr(problem));
    }
}

TEST(AnswerLine, ComesBackAsItWas) {
    Answer answer = done("paused");
    answer.details["phase"] = "copying";
    const auto parsed = parse_answer(to_line(answer));
    ASSERT_TRUE(parsed.ok());
    EXPECT_TRUE(parsed->ok);
    EXPECT_EQ(parsed->message, "paused");
    EXPECT_EQ(parsed->details.at("phase"), "copying");
    const auto bad = parse_answer(to_line(refused(Errc::usage, "no such name")));
    ASSERT_TRUE(bad.ok());
    EXPECT_FALSE(bad->ok);
    EXPECT_EQ(bad->code, Errc::usage);
    EXPECT_FALSE(parse_answer("{}").ok());
    EXPECT_FALSE(parse_answer("hello").ok());
}

}  // namespace
}  // namespace doppel::control
