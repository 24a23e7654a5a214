// SPDX-License-Identifier: Apache-2.0
//
// What the command refuses, through the real program: the exit code, what it says, and that nothing
// was changed.
#include "integration/command_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <utility>

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

/// What the run refused, in order.
std::vector<json> refusals(const Finished& run) {
    std::vector<json> found;
    const json findings = last_of(run.out, "findings");
    if (findings.is_object()) {
        for (const json& finding : findings.at("findings")) {
            if (finding.at("level") == "refusal") {
                found.push_back(finding);
            }
        }
    }
    return found;
}

std::vector<std::string> ids(const std::vector<json>& findings) {
    std::vector<std::string> names;
    for (const json& finding : findings) {
        names.push_back(finding.at("id"));
    }
    return names;
}

std::string texts(const std::vector<json>& findings) {
    std::string text;
    for (const json& finding : findings) {
        text += fmt::format(
            "{} | {}\n",
            finding.at("message").get<std::string>(),
            finding.at("hint").get<std::string>()
        );
    }
    return text;
}

std::string error_message(const Finished& run) {
    const json error = last_of(run.out, "error");
    return error.is_object() ? error.at("message").get<std::string>() : "no error in: " + run.out;
}

/// A global variable of the server with another value for a while.
class ChangedVariable final {
public:
    ChangedVariable(sql::Session& session, std::string name, const std::string& value)
        : session_(session), name_(std::move(name)) {
        before_ = session_.query("SELECT @@GLOBAL." + name_).scalar().value();
        session_.execute(fmt::format("SET GLOBAL {} = {}", name_, value));
    }
    ~ChangedVariable() {
        const bool number = before_.find_first_not_of("0123456789") == std::string::npos;
        const std::string value = number ? before_ : "'" + before_ + "'";
        session_.execute(fmt::format("SET GLOBAL {} = {}", name_, value));
    }
    ChangedVariable(const ChangedVariable&) = delete;
    ChangedVariable& operator=(const ChangedVariable&) = delete;

private:
    sql::Session& session_;
    std::string name_;
    std::string before_;
};

class Refusals : public CommandTest {
protected:
    void SetUp() override {
        CommandTest::SetUp();
        execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, s VARCHAR(50))");
        execute("INSERT INTO t VALUES (1, 1, 'x'), (2, 1, 'y'), (3, NULL, 'a longer text')");
    }

    std::string executed() { return scalar("SELECT @@GLOBAL.gtid_executed"); }

    /// Runs to the end; not a single transaction of the run may stand in the binlog.
    Finished run_without_a_write(
        const std::string& statement, const std::vector<std::string>& options
    ) {
        const std::string before = executed();
        auto run = server().run_doppel(statement, options);
        EXPECT_EQ(executed(), before) << run.out;
        return run;
    }

    std::vector<json> refused(
        const std::string& statement, const std::vector<std::string>& options = {"--no-native"}
    ) {
        const auto run = run_without_a_write(statement, options);
        EXPECT_EQ(run.code, 3) << run.out << run.err;
        EXPECT_THAT(error_message(run), HasSubstr("was not changed"));
        return refusals(run);
    }

    /// Runs to an end that is not success; the schema must be what it was.
    Finished run_in_vain(
        const std::string& statement, const std::vector<std::string>& options = {}
    ) {
        const std::string before = contents_of(*schema_);
        auto run = server().run_doppel(statement, options);
        EXPECT_EQ(contents_of(*schema_), before) << run.out;
        return run;
    }
};

TEST_F(Refusals, TableWithoutAUsableKey) {
    execute("CREATE TABLE keyless (a INT, UNIQUE KEY ua (a))");
    const auto found = refused("ALTER TABLE app.keyless ADD COLUMN b INT");
    EXPECT_THAT(ids(found), ElementsAre("no-usable-key"));
    EXPECT_THAT(texts(found), HasSubstr("table app.keyless has no key by which rows can be"));
    EXPECT_THAT(texts(found), HasSubstr("index `ua`"));
}

TEST_F(Refusals, CopyIsRefusedAfterTheServerDeclinedTheNativeWay) {
    execute("CREATE TABLE keyless (a INT, UNIQUE KEY ua (a))");
    const auto found = refused("ALTER TABLE app.keyless MODIFY a BIGINT", {});
    EXPECT_THAT(ids(found), ElementsAre("no-usable-key"));
}

TEST_F(Refusals, MissingPrivilegesAreNamedAndTheHintsAreEnough) {
    execute("DROP USER IF EXISTS few");
    execute("CREATE USER few@'%' IDENTIFIED BY 'few'");
    execute("GRANT SELECT ON app.* TO few@'%'");
    auto command = server().doppel_command(
        "ALTER TABLE app.t ADD COLUMN b INT", {"--no-native", "--user=few"}
    );
    const Process::Environment password = {{"MYSQL_PWD", "few"}};
    const std::string before = executed();
    const auto first = run_process(command, seconds(60), password);
    EXPECT_EQ(executed(), before);
    ASSERT_EQ(first.code, 3) << first.out << first.err;
    const auto found = refusals(first);
    EXPECT_THAT(
        ids(found), ElementsAre("missing-privileges", "missing-privileges", "missing-privileges")
    );
    EXPECT_THAT(texts(found), HasSubstr("account 'few'@'%' lacks ALTER, CREATE, INSERT"));
    EXPECT_THAT(texts(found), HasSubstr("LOCK TABLES"));
    EXPECT_THAT(texts(found), HasSubstr("REPLICATION SLAVE, REPLICATION CLIENT on the server"));
    for (const json& finding : found) {
        execute(finding.at("hint").get<std::string>());
    }
    const auto second = run_process(command, seconds(60), password);
    EXPECT_EQ(second.code, 0) << second.out << second.err;
    execute("DROP USER few");
}

TEST_F(Refusals, ServerWithoutABinlog) {
    Sandbox without({"--option", "skip_log_bin=1"});
    Schema schema(without, "app");
    schema.execute("CREATE TABLE t (id INT PRIMARY KEY)");
    const std::string before = contents_of(schema);
    const auto run = without.run_doppel("ALTER TABLE app.t ADD COLUMN b INT", {"--no-native"});
    EXPECT_EQ(run.code, 3) << run.out;
    EXPECT_THAT(ids(refusals(run)), ElementsAre("binlog-off"));
    EXPECT_THAT(texts(refusals(run)), HasSubstr("log_bin=OFF"));
    EXPECT_EQ(contents_of(schema), before);
    // The server's own instant change needs no binlog.
    const auto native = without.run_doppel("ALTER TABLE app.t ADD COLUMN b INT");
    EXPECT_EQ(native.code, 0) << native.out;
    EXPECT_EQ(last_of(native.out, "summary").value("method", ""), "instant");
}

TEST_F(Refusals, StatementBinlogFormat) {
    const ChangedVariable format(schema_->session(), "binlog_format", "STATEMENT");
    const auto found = refused("ALTER TABLE app.t ADD COLUMN b INT");
    EXPECT_THAT(ids(found), ElementsAre("binlog-format"));
    EXPECT_THAT(texts(found), HasSubstr("binlog_format is STATEMENT globally"));
}

TEST_F(Refusals, ReadOnlyServer) {
    const ChangedVariable read_only(schema_->session(), "read_only", "1");
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{"--no-native"}, std::vector<std::string>{}}) {
        const auto found = refused("ALTER TABLE app.t ADD COLUMN b INT", options);
        EXPECT_THAT(ids(found), ElementsAre("read-only"));
        EXPECT_THAT(texts(found), HasSubstr("connect to the primary"));
    }
}

TEST_F(Refusals, SuperReadOnlyServer) {
    const ChangedVariable read_only(schema_->session(), "read_only", "1");
    const ChangedVariable super_read_only(schema_->session(), "super_read_only", "1");
    EXPECT_THAT(
        texts(refused("ALTER TABLE app.t ADD COLUMN b INT")), HasSubstr("super_read_only=ON")
    );
}

TEST_F(Refusals, WhatIsNoInnodbTable) {
    execute("CREATE VIEW v AS SELECT * FROM t");
    execute("CREATE TABLE m (id INT PRIMARY KEY) ENGINE=MyISAM");
    const std::string before = contents_of(*schema_);
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{"--no-native"}, std::vector<std::string>{}}) {
        const auto missing = refused("ALTER TABLE app.nothing ADD COLUMN b INT", options);
        EXPECT_THAT(ids(missing), ElementsAre("no-table"));
        EXPECT_THAT(texts(missing), HasSubstr("table app.nothing does not exist"));
        const auto view = refused("ALTER TABLE app.v ADD COLUMN b INT", options);
        EXPECT_THAT(ids(view), ElementsAre("not-a-table"));
        EXPECT_THAT(texts(view), HasSubstr("app.v is a view"));
    }
    const auto engine = refused("ALTER TABLE app.m ADD COLUMN b INT");
    EXPECT_THAT(ids(engine), ElementsAre("not-innodb"));
    EXPECT_THAT(texts(engine), HasSubstr("MyISAM"));
    EXPECT_EQ(contents_of(*schema_), before);
}

TEST_F(Refusals, ForeignKeysOnEitherSide) {
    execute(
        "CREATE TABLE child (id INT PRIMARY KEY, t INT, "
        "CONSTRAINT to_t FOREIGN KEY (t) REFERENCES t (id) ON DELETE CASCADE)"
    );
    const auto child = refused("ALTER TABLE app.child ADD COLUMN b INT");
    EXPECT_THAT(ids(child), ElementsAre("foreign-keys"));
    EXPECT_THAT(texts(child), HasSubstr("to_t"));
    const auto parent = refused("ALTER TABLE app.t ADD COLUMN b INT");
    EXPECT_THAT(ids(parent), ElementsAre("referenced-by-foreign-keys"));
    EXPECT_THAT(texts(parent), HasSubstr("to_t of app.child"));
}

TEST_F(Refusals, Triggers) {
    execute("CREATE TRIGGER counted AFTER INSERT ON t FOR EACH ROW SET @x = 1");
    const auto found = refused("ALTER TABLE app.t ADD COLUMN b INT");
    EXPECT_THAT(ids(found), ElementsAre("triggers"));
    EXPECT_THAT(texts(found), HasSubstr("counted"));
}

TEST_F(Refusals, NamesThatForeignTablesHave) {
    for (const auto& [name, id] : {
             std::pair{"_t_new", "name-taken"},
             std::pair{"_t_doppel", "name-taken"},
             std::pair{"_t_old", "old-table-exists"},
         }) {
        execute(fmt::format("CREATE TABLE {} (id INT PRIMARY KEY)", name));
        execute(fmt::format("INSERT INTO {} VALUES (7)", name));
        const std::string before = contents_of(*schema_);
        const auto found = refused("ALTER TABLE app.t ADD COLUMN b INT");
        EXPECT_THAT(ids(found), ElementsAre(id));
        EXPECT_THAT(texts(found), HasSubstr(fmt::format("table app.{} exists", name)));
        EXPECT_EQ(contents_of(*schema_), before);
        execute(fmt::format("DROP TABLE {}", name));
    }
}

TEST_F(Refusals, AreListedAllAtOnce) {
    execute("CREATE TABLE parent (id INT PRIMARY KEY)");
    execute("CREATE TABLE bad (a INT, CONSTRAINT up FOREIGN KEY (a) REFERENCES parent (id))");
    execute("CREATE TRIGGER counted AFTER INSERT ON bad FOR EACH ROW SET @x = 1");
    execute("CREATE TABLE _bad_old (id INT PRIMARY KEY)");
    const ChangedVariable format(schema_->session(), "binlog_format", "MIXED");
    EXPECT_THAT(
        ids(refused("ALTER TABLE app.bad ADD COLUMN b INT")),
        UnorderedElementsAre(
            "binlog-format", "no-usable-key", "triggers", "foreign-keys", "old-table-exists"
        )
    );
    // The text for people has them all, too, with what to do.
    auto command = server().doppel_command("ALTER TABLE app.bad ADD COLUMN b INT", {"--no-native"});
    command.erase(std::remove(command.begin(), command.end(), "--json"), command.end());
    const auto run = run_process(command, seconds(60), server().environment());
    EXPECT_EQ(run.code, 3);
    for (const char* const id : {"binlog-format", "no-usable-key", "triggers", "foreign-keys"}) {
        EXPECT_THAT(run.err, HasSubstr(fmt::format("refused [{}]: ", id)));
    }
    EXPECT_THAT(run.err, HasSubstr("what to do: "));
    EXPECT_THAT(run.err, HasSubstr("app.bad was not changed"));
}

TEST_F(Refusals, StatementsThatAreNoSingleAlterOfAKnownSchema) {
    for (const auto& [statement, words] : {
             std::pair{"fix the table please", "not an ALTER TABLE"},
             std::pair{"DROP TABLE app.t", "neither an ALTER TABLE nor"},
             std::pair{"ALTER TABLE app.t ADD b INT; DROP TABLE app.t", "one statement at a time"},
             std::pair{"ALTER TABLE t ADD b INT", "names no schema"},
             std::pair{"ALTER TABLE app.t ADD s2 VARCHAR(5) DEFAULT 'x", ""},
             std::pair{"", ""},
         }) {
        const auto run = run_without_a_write(statement, {});
        EXPECT_EQ(run.code, 2) << statement << "\n" << run.out;
        EXPECT_THAT(run.err + run.out, HasSubstr(words));
    }
    EXPECT_EQ(server().run_doppel("ALTER TABLE t ADD b INT", {"--database=app"}).code, 0);
}

TEST_F(Refusals, ClausesThatTheServerDoesNotUnderstand) {
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{"--no-native"}, std::vector<std::string>{}}) {
        const auto column = run_in_vain("ALTER TABLE app.t DROP COLUMN nowhere", options);
        EXPECT_EQ(column.code, 2) << column.out;
        EXPECT_THAT(error_message(column), HasSubstr("Can't DROP 'nowhere'; check that"));
        const auto word = run_in_vain("ALTER TABLE app.t FROBNICATE a", options);
        EXPECT_EQ(word.code, 2) << word.out;
        EXPECT_THAT(error_message(word), HasSubstr("right syntax to use near 'FROBNICATE a'"));
    }
}

struct Misfit {
    const char* clause;
    const char* words;
};

class RefusedData : public Refusals, public ::testing::WithParamInterface<Misfit> {};

TEST_P(RefusedData, LeavesTheTableUntouched) {
    const auto run = run_in_vain(fmt::format("ALTER TABLE app.t {}", GetParam().clause));
    EXPECT_EQ(run.code, 5) << run.out << run.err;
    EXPECT_THAT(error_message(run), HasSubstr("the data of app.t does not fit the new schema"));
    EXPECT_THAT(error_message(run), HasSubstr(GetParam().words));
    EXPECT_THAT(error_message(run), HasSubstr("app.t is untouched and nothing was left behind"));
}

INSTANTIATE_TEST_SUITE_P(
    Misfits,
    RefusedData,
    ::testing::Values(
        Misfit{"ADD UNIQUE KEY ua (a)", "Duplicate entry '1'"},
        Misfit{"MODIFY a INT NOT NULL", "'a'"},
        Misfit{"MODIFY s VARCHAR(5)", "'s'"},
        Misfit{"ADD COLUMN b INT, MODIFY s INT", "'s'"},
        Misfit{"ADD COLUMN b INT, ADD CONSTRAINT small CHECK (id < 3)", "small"}
    )
);

TEST_F(Refusals, ValuesOutOfRange) {
    execute("INSERT INTO t VALUES (400, 70000, 'z')");
    for (const char* const clause : {"MODIFY id TINYINT NOT NULL", "MODIFY a SMALLINT"}) {
        const auto run = run_in_vain(fmt::format("ALTER TABLE app.t {}", clause));
        EXPECT_EQ(run.code, 5) << run.out << run.err;
        EXPECT_THAT(error_message(run), HasSubstr("Out of range value for column"));
    }
}

TEST_F(Refusals, UnreachableServer) {
    const auto run = server().run_doppel("ALTER TABLE app.t ADD b INT", {"--port=1"});
    EXPECT_EQ(run.code, 4) << run.out;
    EXPECT_THAT(error_message(run), HasSubstr("127.0.0.1:1"));
}

TEST_F(Refusals, WrongPasswordIsNotRepeated) {
    for (const bool as_json : {true, false}) {
        auto command = server().doppel_command(
            "ALTER TABLE app.t ADD b INT", {"--password=wr0ng-secret", "--log-level=debug"}
        );
        if (!as_json) {
            command.erase(std::remove(command.begin(), command.end(), "--json"), command.end());
        }
        const auto run = run_process(command, seconds(60));
        EXPECT_EQ(run.code, 3) << run.out;
        EXPECT_THAT(run.err, HasSubstr("Access denied for user 'doppel'"));
        EXPECT_THAT(run.out + run.err, Not(HasSubstr("wr0ng-secret")));
    }
}

/// Takes connections and never says a word.
class SilentServer final {
public:
    SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        auto* const generic =
            reinterpret_cast<sockaddr*>(&address);  // NOLINT: the sockets' own way
        if (::bind(socket_, generic, size) != 0 || ::listen(socket_, 8) != 0 ||
            ::getsockname(socket_, generic, &size) != 0) {
            throw std::runtime_error("no port to listen on");
        }
        port_ = ntohs(address.sin_port);
    }
    ~SilentServer() { ::close(socket_); }
    SilentServer(const SilentServer&) = delete;
    SilentServer& operator=(const SilentServer&) = delete;
    [[nodiscard]] unsigned port() const { return port_; }

private:
    int socket_;
    unsigned port_ = 0;
};

TEST_F(Refusals, PasswordIsNotInTheProcessList) {
    const SilentServer silent;
    Process process(server().doppel_command(
        "ALTER TABLE app.t ADD b INT",
        {"--password=s3cret-word", fmt::format("--port={}", silent.port()), "--connect-timeout=3"}
    ));
    ASSERT_TRUE(process.wait_for("connecting", seconds(20)));
    std::ifstream file(fmt::format("/proc/{}/cmdline", process.pid()), std::ios::binary);
    const std::string command_line{std::istreambuf_iterator<char>(file), {}};
    EXPECT_THAT(command_line, HasSubstr("ALTER TABLE app.t"));
    EXPECT_THAT(command_line, Not(HasSubstr("s3cret")));
    EXPECT_EQ(process.wait(seconds(30)), 4) << process.out();
    EXPECT_THAT(process.out() + process.err(), Not(HasSubstr("s3cret")));
}

TEST_F(Refusals, DoNotStandInTheWayOfAnInstantChange) {
    execute("CREATE TRIGGER counted AFTER INSERT ON t FOR EACH ROW SET @x = 1");
    const auto run = server().run_doppel("ALTER TABLE app.t ADD COLUMN b INT");
    EXPECT_EQ(run.code, 0) << run.out << run.err;
    const json summary = last_of(run.out, "summary");
    EXPECT_EQ(summary.value("method", ""), "instant");
    EXPECT_TRUE(summary.at("old_table").is_null());
    EXPECT_EQ(schema_->tables(), "t");
    EXPECT_THAT(definition_of(schema_->session(), "t"), HasSubstr("`b` int"));
}

TEST_F(Refusals, NoNativeCopiesWhatCouldBeInstant) {
    const auto run = server().run_doppel("ALTER TABLE app.t ADD COLUMN b INT", {"--no-native"});
    EXPECT_EQ(run.code, 0) << run.out << run.err;
    const json summary = last_of(run.out, "summary");
    EXPECT_EQ(summary.value("method", ""), "shadow");
    EXPECT_EQ(summary.value("old_table", ""), "app._t_old");
    EXPECT_EQ(schema_->tables(), "_t_old,t");
}

TEST_F(Refusals, TextForPeopleSaysInstant) {
    auto command = server().doppel_command("ALTER TABLE app.t ADD COLUMN b INT");
    command.erase(std::remove(command.begin(), command.end(), "--json"), command.end());
    const auto run = run_process(command, seconds(60), server().environment());
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("done: app.t was changed in"));
    EXPECT_THAT(run.out, HasSubstr("(instant)"));
}

}  // namespace
}  // namespace doppel::test
