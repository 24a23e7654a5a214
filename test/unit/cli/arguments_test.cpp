// SPDX-License-Identifier: Apache-2.0
#include "tools/common/arguments.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace doppel::cli {
namespace {

using testing::ElementsAre;

/// What the process list would show of these arguments afterwards.
std::vector<std::string> shown(std::vector<std::string> words) {
    words.insert(words.begin(), "doppel");
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    const auto taken = take_arguments(static_cast<int>(pointers.size()), pointers.data());
    EXPECT_EQ(taken.size() + 1, words.size());
    words.erase(words.begin());
    return words;
}

TEST(Arguments, PasswordsAreOverwritten) {
    EXPECT_THAT(
        shown({"-psecret", "-qpsecret", "--password=secret", "--passwd=secret", "--passwordsecret"}
        ),
        ElementsAre(
            "-pxxxxxx", "-qpxxxxxx", "--password=xxxxxx", "--passwd=xxxxxx", "--passwordxxxxxx"
        )
    );
}

TEST(Arguments, CredentialsInUrlsAreOverwritten) {
    EXPECT_THAT(
        shown(
            {"--throttle-http=http://me:secret@host:1/a?b@c",
             "https://secret@host",
             "http://host/a@b",
             "http://host"}
        ),
        ElementsAre(
            "--throttle-http=http://xxxxxxxxx@host:1/a?b@c",
            "https://xxxxxx@host",
            "http://host/a@b",
            "http://host"
        )
    );
}

TEST(Arguments, TheRestStays) {
    EXPECT_THAT(
        shown({"-hprod", "-p", "--password", "--port=1", "ALTER TABLE t DROP COLUMN password", "-"}
        ),
        ElementsAre(
            "-hprod", "-p", "--password", "--port=1", "ALTER TABLE t DROP COLUMN password", "-"
        )
    );
}

TEST(Arguments, TheCopyKeepsThePassword) {
    std::string program = "doppel";
    std::string word = "-psecret";
    char* pointers[] = {program.data(), word.data()};
    EXPECT_THAT(take_arguments(2, pointers), ElementsAre("-psecret"));
}

}  // namespace
}  // namespace doppel::cli
