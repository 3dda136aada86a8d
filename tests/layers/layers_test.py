#!/usr/bin/env python3
"""Each rule of layers.py is broken once in a small tree, and has to be reported."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import layers

GOOD = {
    "include/millrace/version.hpp": "#pragma once\n",
    "include/millrace/core/error.hpp": "#pragma once\n#include <system_error>\n",
    "include/millrace/codec/json.hpp": "// JSON\n#pragma once\n#include <rapidjson/reader.h>\n"
    "#include <millrace/core/error.hpp>\n",
    "include/millrace/transport/tcp.hpp": "#pragma once\n#include <asio/ip/tcp.hpp>\n"
    "using socket = asio::ip::tcp::socket;\n",
    "tests/core/error.cpp": "#include <millrace/core/error.hpp>\n#include <string>\n",
    "tests/codec/json.cpp": "#include <millrace/codec/json.hpp>\n",
    "tests/transport/tcp.cpp": "#include <millrace/transport/tcp.hpp>\n",
    "tests/support/main.cpp": "int main() {}\n",
}


def check(changes):
    """The status and the output of layers.py on the good tree with these files put over it."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in {**GOOD, **changes}.items():
            if text is not None:
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = layers.main(pathlib.Path(root))
        return status, output.getvalue()


class Layers(unittest.TestCase):
    def refused(self, rule, changes):
        status, output = check(changes)
        self.assertEqual((status, output.count("1 rules broken")), (1, 1), output)
        self.assertIn(rule, output)

    def error_hpp(self, line, rule):
        self.refused(rule, {"include/millrace/core/error.hpp": f"#pragma once\n{line}\n"})

    def test_good_tree_passes(self):
        status, output = check({})
        self.assertEqual(status, 0, output)
        self.assertIn("4 headers, median 2.5 lines, longest 4", output)

    def test_implementations(self):
        end = "#ifndef MILLRACE_COMPILED\n#include <millrace/core/error.ipp>\n#endif\n"
        good = {"include/millrace/core/error.hpp": "#pragma once\n" + end,
                "include/millrace/core/error.ipp": "#pragma once\n#include <millrace/core/error.hpp>\n",
                "include/millrace/compiled/base.cpp": "#include <millrace/core/error.ipp>\n"}
        self.assertEqual(check(good)[0], 0)
        for name, text, rule in [
                ("core/error.hpp", "#pragma once\n#include <millrace/core/error.ipp>\n", "is not what ends"),
                ("compiled/base.cpp", "\n", "is in 0 sources"),
                ("core/error.ipp", "#pragma once\n#include <rapidjson/reader.h>\n", "only codec may")]:
            self.refused(rule, {**good, "include/millrace/" + name: text})

    def test_includes(self):
        self.error_hpp("#include <millrace/codec/json.hpp>", "codec/ is not below core/")
        self.error_hpp("#include <millrace/elsewhere/a.hpp>", "elsewhere/ is in no layer")
        self.error_hpp("#include <millrace/millrace.hpp>", "belongs to no layer")
        self.error_hpp('#include "codec/json.hpp"', "is to be written <")
        self.error_hpp("#include <websocketpp/frame.hpp>", "only websocket may")
        self.error_hpp("#include <rapidjson/reader.h>", "only codec may")
        self.error_hpp("#include <sqlite3.h>", "only storage may")
        self.error_hpp("#include <asio.hpp>", "only transport, endpoint, client, testing may")
        self.error_hpp("#include <boost/any.hpp>", "is no header that millrace knows")
        self.error_hpp("#include <sys/socket.h>", "only transport, testing may")

    def test_folders_of_one_layer(self):
        self.refused("codec/ is not below storage/", {
            "include/millrace/storage/a.hpp": "#pragma once\n#include <millrace/codec/json.hpp>\n",
            "tests/storage/a.cpp": "#include <millrace/storage/a.hpp>\n"})

    def test_sockets_in_an_endpoint(self):
        endpoint = {"tests/endpoint/a.cpp": "#include <millrace/endpoint/a.hpp>\n"}
        for line, rule in (("#include <asio/ip/tcp.hpp>", "only transport, testing may"),
                           ("asio::ip::tcp::socket s;", "names Asio's sockets")):
            endpoint["include/millrace/endpoint/a.hpp"] = f"#pragma once\n{line}\n"
            self.refused(rule, endpoint)
        endpoint["include/millrace/endpoint/a.hpp"] = "#pragma once\n#include <asio/post.hpp>\n"
        self.assertEqual(check(endpoint)[0], 0)

    def test_shape_of_a_header(self):
        self.error_hpp("\n" * 400, "more than 400")
        self.refused("#pragma once", {"include/millrace/core/error.hpp": "#include <string>\n"})
        self.refused("belongs to no layer", {"include/millrace/other.hpp": "#pragma once\n"})

    def test_mirror(self):
        self.refused("has no test: tests/core/error.cpp", {"tests/core/error.cpp": None})
        self.assertEqual(check({
            "include/millrace/core/detail/own.hpp": "#pragma once\n"})[0], 0)
        self.refused("has no test: tests/core/open.cpp", {
            "include/millrace/core/open.hpp": "#pragma once\n"})
        self.refused("tests no header", {"tests/core/extra.cpp": ""})
        self.refused("does not include the header under test first", {
            "tests/core/error.cpp": "#include <string>\n#include <millrace/core/error.hpp>\n"})


if __name__ == "__main__":
    unittest.main()
