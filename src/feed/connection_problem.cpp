// SPDX-License-Identifier: Apache-2.0
#include "feed/connection_problem.hpp"

#include "doppel/log.hpp"
#include "feed/connection.hpp"

#include <exception>
#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace doppel::feed {

std::optional<Error> connection_problem(const ConnectionOptions& connection) {
    boost::asio::io_context context{1};
    std::optional<Error> problem;
    boost::asio::co_spawn(
        context,
        Connection::open(context.get_executor(), connection, Logger()),
        [&problem](const std::exception_ptr& failure, std::unique_ptr<Connection> opened) {
            if (!failure) {
                opened->close();
                return;
            }
            try {
                std::rethrow_exception(failure);
            } catch (const Error& error) {
                problem = error;
            }
        }
    );
    context.run();
    return problem;
}

}  // namespace doppel::feed
