// SPDX-License-Identifier: Apache-2.0
#include "bench/micro/fake_server.hpp"

#include "base/byte_writer.hpp"
#include "wire/packet.hpp"

#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace doppel::bench {
namespace {

/// The server's net_buffer_length: it hands so much at a time to the socket.
constexpr std::size_t kWriteBytes = std::size_t{16} * 1024;

void require(bool ok, const char* what) {
    if (!ok) {
        throw std::system_error(errno, std::generic_category(), what);
    }
}

sockaddr* generic(sockaddr_in& address) {
    return reinterpret_cast<sockaddr*>(&address);
}

/// One client, served with blocking calls until it hangs up.
class Session final {
public:
    explicit Session(int socket) : socket_(socket) {}
    ~Session() { ::close(socket_); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void serve(const std::string& packets) {
        send(greeting());
        if (!receive()) {
            return;
        }
        send(ok());
        while (receive()) {
            constexpr unsigned char kQuery = 0x03;
            constexpr unsigned char kRegister = 0x15;
            const auto command = static_cast<unsigned char>(request_.at(0));
            if (command == kQuery && request_.find("server_uuid") != std::string::npos) {
                send_uuid();
            } else if (command == kQuery || command == kRegister) {
                send(ok());
            } else {
                send_dump(packets);
            }
        }
    }

private:
    static std::string ok() { return std::string("\0\0\0\2\0\0\0", 7); }

    static std::string greeting() {
        base::ByteWriter writer;
        constexpr std::uint32_t kCapabilities = 0x00ffffff & ~std::uint32_t{1U << 11};  // no TLS
        writer.u8(10).nul_terminated("8.0.30").u32(9).bytes("abcdefgh").u8(0);
        writer.u16(kCapabilities & 0xffff).u8(45).u16(2).u16(kCapabilities >> 16).u8(21);
        writer.zeros(10).nul_terminated("ijklmnopqrst").nul_terminated("mysql_native_password");
        return std::move(writer).str();
    }

    void send_uuid() {
        base::ByteWriter column;
        for (const char* text : {"def", "", "", "", "u", ""}) {
            column.length_encoded_string(text);
        }
        column.u8(12).u16(45).u32(144).u8(253).u16(0).u8(0).zeros(2);
        base::ByteWriter row;
        row.length_encoded_string("01234567-89ab-cdef-0123-456789abcdef");
        const std::string eof("\xfe\0\0\2\0", 5);
        for (const auto& packet : {std::string("\1"), column.str(), eof, row.str(), eof}) {
            send(packet);
        }
    }

    void send_dump(const std::string& packets) {
        for (std::size_t at = 0; at < packets.size(); at += kWriteBytes) {
            write(std::string_view(packets).substr(at, kWriteBytes));
        }
        base::ByteWriter error;
        error.u8(0xff).u16(1'236).bytes("#HY000").bytes(FakeServer::kEnd);
        send(error.str());  // of any number
    }

    void send(const std::string& payload) { write(wire::frame_packet(payload, sequence_).view()); }

    void write(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return;  // the client has what it wanted
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    bool receive() {
        std::string header;
        if (!read(header, wire::kFrameHeaderBytes)) {
            return false;
        }
        sequence_ = static_cast<std::uint8_t>(header[3] + 1);
        const auto byte = [&](std::size_t i) {
            return std::size_t{static_cast<unsigned char>(header[i])};
        };
        return read(request_, byte(0) | (byte(1) << 8) | (byte(2) << 16));
    }

    bool read(std::string& bytes, std::size_t count) {
        bytes.resize(count);
        return ::recv(socket_, bytes.data(), count, MSG_WAITALL) == static_cast<ssize_t>(count);
    }

    int socket_;
    std::uint8_t sequence_ = 0;
    std::string request_;
};

}  // namespace

FakeServer::FakeServer(std::string packets) : packets_(std::move(packets)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    require(listener_ >= 0, "socket");
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(::bind(listener_, generic(address), size) == 0, "bind");
    require(::listen(listener_, 1) == 0, "listen");
    require(::getsockname(listener_, generic(address), &size) == 0, "getsockname");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

FakeServer::~FakeServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
}

void FakeServer::serve() {
    for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
        const int on = 1;
        (void)::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        Session(client).serve(packets_);
    }
}

}  // namespace doppel::bench
