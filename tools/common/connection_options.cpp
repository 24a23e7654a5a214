// SPDX-License-Identifier: Apache-2.0
#include "tools/common/connection_options.hpp"

#include "base/text.hpp"
#include "tools/common/quantity.hpp"
#include "tools/common/usage_error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

constexpr std::string_view kLocalhost = "localhost";
constexpr std::array<const char*, 3> kSocketPaths{
    "/var/run/mysqld/mysqld.sock", "/run/mysqld/mysqld.sock", "/tmp/mysql.sock"};
constexpr std::array<std::pair<std::string_view, SslMode>, 5> kSslModes{
    {{"disabled", SslMode::disabled},
     {"preferred", SslMode::preferred},
     {"required", SslMode::required},
     {"verify_ca", SslMode::verify_ca},
     {"verify_identity", SslMode::verify_identity}}};

/// Nobody has more; a longer list is a mistake.
constexpr std::size_t kMembersMax = 32;

enum class Protocol { by_host, tcp, socket };

std::uint16_t parse_port(const std::string& text, std::string_view origin) {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc{} || rest != end) {
        throw UsageError(
            fmt::format("{}: '{}' is not a port; write a number from 1 to 65535", origin, text)
        );
    }
    return port;
}

std::uint16_t choose_port(const Settings& settings, const System& system) {
    if (const auto text = settings.text("port")) {
        return parse_port(*text, settings.find("port")->origin);
    }
    const auto text = system.environment("MYSQL_TCP_PORT");
    return text && !text->empty() ? parse_port(*text, "environment variable MYSQL_TCP_PORT")
                                  : std::uint16_t{0};
}

Protocol choose_protocol(const Settings& settings) {
    const auto text = settings.text("protocol");
    if (!text) {
        return Protocol::by_host;
    }
    const std::string name = base::to_lower_ascii(*text);
    if (name == "tcp") {
        return Protocol::tcp;
    }
    if (name == "socket") {
        return Protocol::socket;
    }
    throw UsageError(fmt::format(
        "{}: '{}' is not a protocol; write tcp or socket", settings.find("protocol")->origin, *text
    ));
}

std::string choose_socket(const Settings& settings, const System& system) {
    if (const auto path = settings.text("socket"); path && !path->empty()) {
        return *path;
    }
    if (const auto path = system.environment("MYSQL_UNIX_PORT"); path && !path->empty()) {
        return *path;
    }
    for (const char* const path : kSocketPaths) {
        if (system.socket_exists(path)) {
            return path;
        }
    }
    return kSocketPaths.front();
}

/// "name", "name:port", "[IPv6]:port", or an IPv6 address alone.
ServerAddress parse_address(std::string_view text, std::uint16_t port, std::string_view origin) {
    const auto colons = std::count(text.begin(), text.end(), ':');
    const std::size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
    ServerAddress address{std::string(text), port};
    std::string_view rest;
    if (bracket != std::string_view::npos) {
        address.host = text.substr(1, bracket - 1);
        rest = text.substr(bracket + 1);
    } else if (colons == 1) {
        address.host = text.substr(0, text.find(':'));
        rest = text.substr(text.find(':'));
    }
    if (address.host.empty() || (!rest.empty() && (rest.front() != ':' || rest.size() == 1))) {
        throw UsageError(fmt::format(
            "{}: '{}' is not a host; write NAME or NAME:PORT, several with commas between them",
            origin,
            text
        ));
    }
    if (!rest.empty()) {
        address.port = parse_port(std::string(rest.substr(1)), origin);
    }
    return address;
}

std::vector<ServerAddress> parse_addresses(
    const std::string& text, std::uint16_t port, std::string_view origin
) {
    std::vector<ServerAddress> addresses;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        addresses.push_back(parse_address(
            base::trim(std::string_view(text).substr(begin, end - begin)), port, origin
        ));
        begin = end + 1;
    }
    if (addresses.size() > kMembersMax) {
        throw UsageError(fmt::format("{}: more than {} hosts", origin, kMembersMax));
    }
    return addresses;
}

/// True when it named one host by "name:port" or several.
bool choose_members(ConnectionOptions& options, std::string_view origin) {
    const bool several = options.host.find(',') != std::string::npos;
    if (!several && options.host.find(':') == std::string::npos) {
        return false;
    }
    auto addresses = parse_addresses(options.host, options.port, origin);
    options.host = addresses.front().host;
    options.port = addresses.front().port;
    if (several) {
        options.members = std::move(addresses);
    }
    return true;
}

void choose_address(ConnectionOptions& options, Settings& settings, const System& system) {
    options.host = settings.text("host").value_or(system.environment("MYSQL_HOST").value_or(""));
    if (options.host.empty()) {
        options.host = kLocalhost;
    }
    options.port = choose_port(settings, system);
    const Protocol protocol = choose_protocol(settings);
    const GivenOption* const given = settings.find("host");
    const bool has_port = choose_members(
        options, given != nullptr ? given->origin : "environment variable MYSQL_HOST"
    );
    if (protocol == Protocol::socket && (has_port || options.host != kLocalhost)) {
        throw UsageError(fmt::format(
            "{}: the socket reaches only this machine, but the host is '{}'; remove one of them",
            settings.find("protocol")->origin,
            options.host
        ));
    }
    if (has_port || protocol == Protocol::tcp || options.host != kLocalhost) {
        return;
    }
    options.socket = choose_socket(settings, system);
    const GivenOption* const port = settings.find("port");
    if (protocol == Protocol::by_host && port != nullptr && port->from_command_line) {
        settings.warnings.push_back(fmt::format(
            "{} is ignored: the host localhost means the socket {}; for TCP write -h 127.0.0.1 or "
            "--protocol=tcp",
            port->origin,
            options.socket
        ));
    }
}

std::string choose_password(Settings& settings, System& system) {
    const GivenOption* const given = settings.find("password");
    if (given == nullptr) {
        return system.environment("MYSQL_PWD").value_or("");
    }
    if (given->value) {
        if (given->from_command_line && !given->value->empty()) {
            settings.warnings.emplace_back(
                "a password on the command line may be seen by other users and stays in the "
                "shell's history; better use an option file or -p alone"
            );
        }
        return *given->value;
    }
    auto password = system.ask_password("Enter password: ");
    if (!password) {
        throw UsageError(fmt::format(
            "{}: the password is to be asked for, but there is no terminal; put it into an option "
            "file (group [client] or [doppel]) or into MYSQL_PWD",
            given->origin
        ));
    }
    return std::move(*password);
}

SslMode parse_ssl_mode(const GivenOption& given, const std::string& text) {
    const std::string wanted = base::to_lower_ascii(text);
    for (const auto& [name, mode] : kSslModes) {
        if (wanted == name) {
            return mode;
        }
    }
    throw UsageError(fmt::format(
        "{}: '{}' is not a TLS mode; write DISABLED, PREFERRED, REQUIRED, VERIFY_CA or "
        "VERIFY_IDENTITY",
        given.origin,
        text
    ));
}

/// MySQL manual, "--ssl-mode": naming a CA asks for its verification unless a mode is given, and
/// verification needs a CA.
void choose_ssl_mode(ConnectionOptions& options, Settings& settings) {
    const bool has_ca = !options.ssl_ca.empty() || !options.ssl_capath.empty();
    const auto text = settings.text("ssl-mode");
    if (!text) {
        options.ssl_mode = has_ca ? SslMode::verify_ca : SslMode::preferred;
        return;
    }
    const GivenOption& given = *settings.find("ssl-mode");
    options.ssl_mode = parse_ssl_mode(given, *text);
    const bool verifies = options.ssl_mode >= SslMode::verify_ca;
    if (verifies && !has_ca) {
        throw UsageError(fmt::format(
            "{}: {} needs the CA certificate; name it with --ssl-ca or --ssl-capath",
            given.origin,
            *text
        ));
    }
    if (!verifies && has_ca) {
        settings.warnings.push_back(fmt::format(
            "{}: with {} the server's certificate is not verified although a CA is named; use "
            "VERIFY_CA or VERIFY_IDENTITY",
            given.origin,
            *text
        ));
    }
}

void choose_ssl(ConnectionOptions& options, Settings& settings) {
    const std::array<std::pair<const char*, std::string*>, 7> fields{
        {{"ssl-ca", &options.ssl_ca},
         {"ssl-capath", &options.ssl_capath},
         {"ssl-cert", &options.ssl_cert},
         {"ssl-key", &options.ssl_key},
         {"ssl-cipher", &options.ssl_cipher},
         {"tls-version", &options.tls_version},
         {"server-public-key-path", &options.server_public_key_path}}};
    for (const auto& [name, field] : fields) {
        *field = settings.text(name).value_or("");
    }
    options.get_server_public_key = settings.flag("get-server-public-key");
    choose_ssl_mode(options, settings);
}

/// The mysql client counts seconds and takes 0 for its default; a unit may be written as in the
/// other durations of this program.
std::chrono::milliseconds choose_connect_timeout(const Settings& settings) {
    constexpr std::chrono::milliseconds kMin{100};
    constexpr std::chrono::milliseconds kMax{3'600'000};
    const auto default_value = ConnectionOptions().connect_timeout;
    const auto text = settings.text("connect-timeout");
    if (!text || *text == "0") {
        return default_value;
    }
    const bool bare = text->find_first_not_of("0123456789") == std::string::npos;
    const auto value = parse_duration(bare ? *text + "s" : *text);
    if (!value || *value < kMin || *value > kMax) {
        throw UsageError(fmt::format(
            "{}: '{}' is not a timeout; write seconds from 1 to 3600, or 100ms to 1h",
            settings.find("connect-timeout")->origin,
            *text
        ));
    }
    return *value;
}

OptionSpec client_option(
    std::string name, char short_name, std::string value_name, std::string help
) {
    return {
        std::move(name),
        short_name,
        Argument::required,
        Scope::client,
        std::move(value_name),
        std::move(help)};
}

OptionSpec file_option(std::string name, std::string value_name, std::string help) {
    const Argument argument = value_name.empty() ? Argument::flag : Argument::required;
    return {
        std::move(name),
        '\0',
        argument,
        Scope::command_line,
        std::move(value_name),
        std::move(help)};
}

}  // namespace

OptionSection connection_section() {
    OptionSection section{"Connection (as in the mysql client)", {}};
    section.options = {
        client_option(
            "host",
            'h',
            "NAME",
            "Host of the server, or HOST:PORT. 'localhost' means the Unix socket unless "
            "--protocol=tcp. Of several with commas between them, such as all members of a group, "
            "the one that takes writes. Default: MYSQL_HOST or localhost."
        ),
        client_option("port", 'P', "NUMBER", "TCP port. Default: MYSQL_TCP_PORT or 3306."),
        client_option("user", 'u', "NAME", "User. Default: the login name."),
        {"password",
         'p',
         Argument::optional,
         Scope::client,
         "PASSWORD",
         "Password; without a value it is asked for on the terminal. No space after -p. Default: "
         "MYSQL_PWD."},
        client_option(
            "socket", 'S', "PATH", "Unix socket. Default: MYSQL_UNIX_PORT or the usual paths."
        ),
        client_option("protocol", '\0', "tcp|socket", "How to connect. Default: by the host."),
        client_option("database", 'D', "SCHEMA", "Schema for statements that name none."),
        client_option(
            "connect-timeout",
            '\0',
            "SECONDS",
            "Longest time for making a connection, 1 to 3600, or with a unit. Default: 10."
        ),
        client_option(
            "ssl-mode",
            '\0',
            "MODE",
            "DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY. Default: PREFERRED; "
            "VERIFY_CA when a CA is named."
        ),
        client_option("ssl-ca", '\0', "FILE", "Certificates of the CAs to trust."),
        client_option(
            "ssl-capath", '\0', "FOLDER", "Folder with certificates of the CAs to trust."
        ),
        client_option("ssl-cert", '\0', "FILE", "Certificate of the client."),
        client_option("ssl-key", '\0', "FILE", "Private key of the client."),
        client_option("ssl-cipher", '\0', "LIST", "Permitted ciphers up to TLSv1.2."),
        client_option("tls-version", '\0', "LIST", "Permitted TLS versions, e.g. TLSv1.2,TLSv1.3."),
        client_option(
            "server-public-key-path",
            '\0',
            "FILE",
            "The server's RSA key, for passwords without TLS."
        ),
        {"get-server-public-key",
         '\0',
         Argument::flag,
         Scope::client,
         "",
         "Ask the server for that key."},
    };
    return section;
}

OptionSection option_file_section() {
    OptionSection section{"Option files (groups [client] and [doppel])", {}};
    section.options = {
        file_option("defaults-file", "FILE", "Read only this option file."),
        file_option(
            "defaults-extra-file",
            "FILE",
            "Read this option file after /etc/my.cnf and /etc/mysql/my.cnf, before ~/.my.cnf."
        ),
        file_option(
            "defaults-group-suffix",
            "TEXT",
            "Read also the groups with this suffix. Default: MYSQL_GROUP_SUFFIX."
        ),
        file_option("no-defaults", "", "Read no option files."),
    };
    return section;
}

ConnectionOptions resolve_connection(Settings& settings, System& system) {
    ConnectionOptions options;
    choose_address(options, settings, system);
    choose_ssl(options, settings);
    options.connect_timeout = choose_connect_timeout(settings);
    options.default_schema = settings.text("database").value_or("");
    options.user = settings.text("user").value_or("");
    if (options.user.empty()) {
        options.user = system.login_name();
    }
    options.password = choose_password(settings, system);
    return options;
}

}  // namespace doppel::cli
