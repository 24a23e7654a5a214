// SPDX-License-Identifier: Apache-2.0
#include "binlog/payload.hpp"

#include "base/byte_reader.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

namespace doppel::binlog {
namespace {

constexpr std::size_t kInflatedStepBytes = std::size_t{128} << 10;

base::Failure malformed(const char* what, std::size_t offset = 0) {
    return {fmt::format("malformed TRANSACTION_PAYLOAD event: {}", what), offset};
}

struct PayloadHeader {
    std::uint64_t payload_bytes = 0;
    std::uint64_t compression = 0;
    bool has_size = false;
    bool has_compression = false;
};

/// Type, length, value triples up to an end mark; all of them length-encoded integers.
base::Result<PayloadHeader> read_payload_header(base::ByteReader& reader) {
    enum Field : std::uint64_t { end_mark = 0, payload_bytes = 1, compression = 2 };
    PayloadHeader header;
    while (reader.ok()) {
        const std::uint64_t field = reader.length_encoded();
        if (!reader.ok() || field == end_mark) {
            break;
        }
        base::ByteReader value(reader.length_encoded_string());
        if (field == payload_bytes) {
            header.payload_bytes = value.length_encoded();
            header.has_size = true;
        } else if (field == compression) {
            header.compression = value.length_encoded();
            header.has_compression = true;
        }
        if (!value.ok()) {
            reader.fail();
        }
    }
    if (!reader.ok() || !header.has_size || !header.has_compression ||
        header.payload_bytes > reader.remaining()) {
        return malformed("its header does not fit", reader.position());
    }
    return header;
}

}  // namespace

struct PayloadReader::Decompressor {
    ZSTD_DStream* stream = ZSTD_createDStream();
    Decompressor() = default;
    ~Decompressor() { ZSTD_freeDStream(stream); }
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;
};

PayloadReader::PayloadReader() = default;
PayloadReader::~PayloadReader() = default;
PayloadReader::PayloadReader(PayloadReader&&) noexcept = default;
PayloadReader& PayloadReader::operator=(PayloadReader&&) noexcept = default;

base::Result<PayloadReader> PayloadReader::open(std::string_view body) {
    enum Compression : std::uint64_t { zstd = 0, none = 255 };
    base::ByteReader reader(body);
    const auto header = read_payload_header(reader);
    if (!header) {
        return header.failure();
    }
    PayloadReader payload;
    payload.compressed_ = reader.bytes(static_cast<std::size_t>(header->payload_bytes));
    if (header->compression == zstd) {
        payload.zstd_ = std::make_unique<Decompressor>();
        if (payload.zstd_->stream == nullptr) {
            return base::Failure{"no memory for decompression"};
        }
    } else if (header->compression != none) {
        return malformed("unknown compression");
    }
    return payload;
}

std::string_view PayloadReader::available(std::size_t bytes) {
    if (zstd_ == nullptr) {
        return compressed_.substr(consumed_, bytes);
    }
    if (begin_ > 0) {
        buffer_.erase(0, begin_);
        begin_ = 0;
    }
    bool stuck = false;
    while (buffer_.size() < bytes && !stuck && !failure_) {
        const std::size_t old_size = buffer_.size();
        buffer_.resize(old_size + std::min(bytes - old_size, kInflatedStepBytes));
        ZSTD_inBuffer input{compressed_.data(), compressed_.size(), consumed_};
        ZSTD_outBuffer output{buffer_.data(), buffer_.size(), old_size};
        const std::size_t status = ZSTD_decompressStream(zstd_->stream, &output, &input);
        stuck = output.pos == old_size && input.pos == consumed_;
        consumed_ = input.pos;
        buffer_.resize(output.pos);
        if (ZSTD_isError(status) != 0) {
            failure_ = malformed(ZSTD_getErrorName(status), consumed_);
        }
    }
    return std::string_view(buffer_).substr(0, bytes);
}

base::Result<std::optional<Event>> PayloadReader::next() {
    if (failure_) {
        return *failure_;
    }
    const auto bytes = available(kEventHeaderBytes);
    if (failure_) {
        return *failure_;
    }
    if (bytes.empty()) {
        return std::optional<Event>();
    }
    const auto header = parse_header(bytes);
    if (!header) {
        failure_ = header.failure();
        return *failure_;
    }
    const auto whole = available(header->size);
    if (!failure_ && whole.size() < header->size) {
        failure_ = malformed("its last event ends early", consumed_);
    }
    if (failure_) {
        return *failure_;
    }
    if (zstd_ == nullptr) {
        consumed_ += header->size;
    } else {
        begin_ = header->size;
    }
    auto event = parse_event(whole, Checksum::none);
    if (!event) {
        failure_ = event.failure();
        return *failure_;
    }
    event->inside_payload = true;
    return std::optional<Event>(*event);
}

// First byte: 0x80 | algorithm << 4 | bytes of the length; then the length, big-endian, and the
// data.
std::optional<base::Failure> inflate_mariadb(
    std::string_view compressed, std::size_t bytes_max, std::string& out
) {
    base::ByteReader reader(compressed);
    const std::uint8_t first = reader.u8();
    const std::uint64_t length = reader.big_endian(first & 0x07);
    if (!reader.ok() || (first & 0xf0) != 0x80 || length > bytes_max) {
        return base::Failure{"malformed compressed event: its header does not fit"};
    }
    const auto data = reader.rest();
    z_stream stream{};
    if (::inflateInit(&stream) != Z_OK) {
        return base::Failure{"no memory for decompression"};
    }
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    out.clear();
    int status = Z_OK;
    while (status == Z_OK && out.size() <= length) {
        const std::size_t old_size = out.size();
        out.resize(old_size + kInflatedStepBytes);
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + old_size);
        stream.avail_out = static_cast<uInt>(kInflatedStepBytes);
        status = ::inflate(&stream, Z_NO_FLUSH);
        out.resize(old_size + kInflatedStepBytes - stream.avail_out);
    }
    ::inflateEnd(&stream);
    if (status != Z_STREAM_END || out.size() != length) {
        return base::Failure{"malformed compressed event: its data does not inflate"};
    }
    return std::nullopt;
}

}  // namespace doppel::binlog
