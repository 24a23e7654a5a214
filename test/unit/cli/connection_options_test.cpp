// SPDX-License-Identifier: Apache-2.0
#include "tools/common/connection_options.hpp"

#include "tools/doppel/options.hpp"
#include "unit/cli/fakes.hpp"

#include <gmock/gmock.h>

namespace doppel::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Connection : public testing::Test {
protected:
    ConnectionOptions resolve(const std::vector<std::string>& words) {
        const OptionTable table = alter_option_table();
        Settings settings =
            read_settings(table, parse_command_line(table, words), "doppel", system_);
        ConnectionOptions options = resolve_connection(settings, system_);
        warnings_ = settings.warnings;
        return options;
    }
    std::string refused(const std::vector<std::string>& words) {
        return usage_error([&] { (void)resolve(words); });
    }

    FakeSystem system_;
    std::vector<std::string> warnings_;
};

TEST_F(Connection, DefaultsAreThoseOfTheMysqlClient) {
    system_.sockets = {"/tmp/mysql.sock"};
    const ConnectionOptions options = resolve({});
    EXPECT_EQ(options.host, "localhost");
    EXPECT_EQ(options.socket, "/tmp/mysql.sock");
    EXPECT_EQ(options.user, "operator");
    EXPECT_EQ(options.password, "");
    EXPECT_EQ(options.ssl_mode, SslMode::preferred);
    EXPECT_EQ(options.connect_timeout, std::chrono::seconds(10));
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(Connection, TakesEveryOption) {
    const ConnectionOptions options = resolve(
        {"-hdb1",
         "-P3307",
         "-ubob",
         "-Dshop",
         "--connect-timeout=7",
         "--ssl-mode=verify_identity",
         "--ssl-ca=ca",
         "--ssl-capath=path",
         "--ssl-cert=cert",
         "--ssl-key=key",
         "--ssl-cipher=AES",
         "--tls-version=TLSv1.3",
         "--server-public-key-path=pub",
         "--get-server-public-key"}
    );
    EXPECT_EQ(options.describe(), "bob@db1:3307");
    EXPECT_EQ(options.default_schema, "shop");
    EXPECT_EQ(options.connect_timeout, std::chrono::seconds(7));
    EXPECT_EQ(options.ssl_mode, SslMode::verify_identity);
    EXPECT_EQ(options.ssl_ca, "ca");
    EXPECT_EQ(options.ssl_capath, "path");
    EXPECT_EQ(options.ssl_cert, "cert");
    EXPECT_EQ(options.ssl_key, "key");
    EXPECT_EQ(options.ssl_cipher, "AES");
    EXPECT_EQ(options.tls_version, "TLSv1.3");
    EXPECT_EQ(options.server_public_key_path, "pub");
    EXPECT_TRUE(options.get_server_public_key);
}

TEST_F(Connection, LocalhostMeansTheSocketEvenWithAPort) {
    const ConnectionOptions options = resolve({"-S", "/s", "-P3307"});
    EXPECT_EQ(options.socket, "/s");
    EXPECT_THAT(warnings_, ElementsAre(HasSubstr("-P is ignored")));
    system_.files["/etc/my.cnf"] = "[client]\nport=3307\n";
    EXPECT_TRUE(resolve({"-S/s"}).uses_socket());
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(Connection, TcpOnDemandAndForOtherHosts) {
    EXPECT_FALSE(resolve({"--protocol=TCP", "-S/s"}).uses_socket());
    EXPECT_FALSE(resolve({"-h127.0.0.1", "-S/s"}).uses_socket());
    EXPECT_TRUE(resolve({"--protocol=socket", "-S/s"}).uses_socket());
    EXPECT_THAT(
        refused({"--protocol=socket", "-hdb1"}), HasSubstr("the socket reaches only this machine")
    );
    EXPECT_THAT(refused({"--protocol=pipe"}), HasSubstr("write tcp or socket"));
}

TEST_F(Connection, AHostMayHaveItsPort) {
    ConnectionOptions options = resolve({"-hdb1:3307", "-P3310"});
    EXPECT_EQ(options.describe(), "operator@db1:3307");
    EXPECT_THAT(options.members, IsEmpty());
    options = resolve({"-hlocalhost:3307"});
    EXPECT_FALSE(options.uses_socket());
    EXPECT_EQ(resolve({"-h[::1]:3307"}).host, "::1");
    EXPECT_EQ(resolve({"-h[::1]:3307"}).port, 3307);
    EXPECT_EQ(resolve({"-hfe80::1"}).host, "fe80::1");
    for (const char* const wrong : {"-hdb1:", "-hdb1:x", "-h:3307", "-h[::1]3307", "-hdb1:70000"}) {
        EXPECT_THAT(refused({wrong}), HasSubstr("-h")) << wrong;
    }
}

TEST_F(Connection, SeveralHostsAreMembersOfOneTopology) {
    const ConnectionOptions options = resolve({"-h", "db1, db2:3307,[::1]:3308", "-P3310"});
    EXPECT_THAT(
        options.members,
        ElementsAre(
            ServerAddress{"db1", 3310}, ServerAddress{"db2", 3307}, ServerAddress{"::1", 3308}
        )
    );
    EXPECT_EQ(options.describe(), "operator@db1:3310,db2:3307,[::1]:3308");
    EXPECT_FALSE(resolve({"-hlocalhost,db2"}).uses_socket());
    EXPECT_THAT(refused({"-hdb1,,db2"}), HasSubstr("is not a host"));
    EXPECT_THAT(refused({"-hdb1,"}), HasSubstr("is not a host"));
    EXPECT_THAT(
        refused({"--protocol=socket", "-hlocalhost,db2"}),
        HasSubstr("the socket reaches only this machine")
    );
}

TEST_F(Connection, TheEnvironmentIsBelowTheFiles) {
    system_.variables = {
        {"MYSQL_HOST", "envhost"},
        {"MYSQL_TCP_PORT", "3310"},
        {"MYSQL_PWD", "envpassword"},
        {"MYSQL_UNIX_PORT", "/env.sock"}};
    ConnectionOptions options = resolve({});
    EXPECT_EQ(options.describe(), "operator@envhost:3310");
    EXPECT_EQ(options.password, "envpassword");
    EXPECT_EQ(resolve({"-hlocalhost"}).socket, "/env.sock");

    system_.files["/etc/my.cnf"] = "[client]\nhost=filehost\nport=3311\npassword=filepassword\n";
    options = resolve({});
    EXPECT_EQ(options.describe(), "operator@filehost:3311");
    EXPECT_EQ(options.password, "filepassword");

    options = resolve({"-hcl", "-P3312", "-pclpassword"});
    EXPECT_EQ(options.describe(), "operator@cl:3312");
    EXPECT_EQ(options.password, "clpassword");
}

TEST_F(Connection, AnEmptyPasswordIsAPassword) {
    system_.variables["MYSQL_PWD"] = "envpassword";
    EXPECT_EQ(resolve({"--password="}).password, "");
    EXPECT_EQ(resolve({"--skip-password"}).password, "");
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(Connection, APasswordWithoutAValueIsAskedFor) {
    system_.typed_password = "typed";
    EXPECT_EQ(resolve({"-p"}).password, "typed");
    EXPECT_THAT(system_.prompts, ElementsAre("Enter password: "));
    system_.files["/etc/my.cnf"] = "[client]\npassword\n";
    EXPECT_EQ(resolve({}).password, "typed");
    EXPECT_EQ(resolve({"--password=given"}).password, "given");
    EXPECT_EQ(system_.prompts.size(), 2U);
}

TEST_F(Connection, NothingCanBeAskedWithoutATerminal) {
    EXPECT_THAT(refused({"-p"}), HasSubstr("there is no terminal; put it into an option file"));
}

TEST_F(Connection, APasswordOnTheCommandLineIsWarnedAboutAndNotRepeated) {
    EXPECT_EQ(resolve({"-ptopsecret"}).password, "topsecret");
    ASSERT_EQ(warnings_.size(), 1U);
    EXPECT_THAT(warnings_.front(), HasSubstr("a password on the command line"));
    EXPECT_THAT(warnings_.front(), Not(HasSubstr("topsecret")));
}

TEST_F(Connection, NamingACaAsksForItsVerification) {
    EXPECT_EQ(resolve({"--ssl-ca=ca"}).ssl_mode, SslMode::verify_ca);
    EXPECT_EQ(resolve({"--ssl-ca=ca", "--ssl-mode=required"}).ssl_mode, SslMode::required);
    EXPECT_THAT(warnings_, ElementsAre(HasSubstr("is not verified")));
    EXPECT_THAT(refused({"--ssl-mode=VERIFY_CA"}), HasSubstr("needs the CA certificate"));
    EXPECT_THAT(refused({"--ssl-mode=on"}), HasSubstr("'on' is not a TLS mode"));
}

TEST_F(Connection, PortsAndTimeoutsAreChecked) {
    for (const char* port : {"65536", "-1", "x", "33 06", ""}) {
        EXPECT_THAT(refused({std::string("--port=") + port}), HasSubstr("is not a port")) << port;
    }
    system_.variables["MYSQL_TCP_PORT"] = "many";
    EXPECT_THAT(refused({}), HasSubstr("MYSQL_TCP_PORT: 'many' is not a port"));
    EXPECT_THAT(refused({"-P1", "--connect-timeout=3601"}), HasSubstr("is not a timeout"));
    EXPECT_EQ(
        resolve({"-P1", "--connect-timeout=250ms"}).connect_timeout, std::chrono::milliseconds(250)
    );
    EXPECT_EQ(resolve({"-P1", "--connect-timeout=0"}).connect_timeout, std::chrono::seconds(10));
}

}  // namespace
}  // namespace doppel::cli
