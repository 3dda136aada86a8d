#!/usr/bin/env python3
"""Checks the rules that the tree's structure must keep. Usage: layers.py ROOT

Reads the includes of every header (.hpp, .ipp) under ROOT/include/millrace and compares ROOT/tests with them.
Prints one line a broken rule, then the sizes of the headers; the status is 1 if any rule is broken.
"""

import pathlib
import re
import statistics
import sys

# A header includes its own folder and folders of lower layers.
LAYER = {
    "core": 0,
    "codec": 1, "operators": 1, "windows": 1, "joins": 1, "analyzers": 1, "storage": 1, "journal": 1,
    "pipeline": 2,
    "publish": 3,
    "http": 3,  # below its row in L3: a WebSocket begins as a request
    "websocket": 4, "transport": 4,
    "endpoint": 5, "client": 5, "adapters": 5,
    "cluster": 6, "testing": 6,
}
NO_LAYER = {"millrace.hpp", "version.hpp"}

# What a header includes or names beside the standard library, and the folders that may.
SYSTEM = ("transport", "testing")
FOREIGN_INCLUDES = [
    (r"websocketpp/", ("websocket",)),
    (r"rapidjson/", ("codec",)),
    (r"sqlite3\.h$", ("storage",)),
    (r"zlib\.h$", ("websocket",)),
    (r"openssl/", ("transport", "endpoint")),
    (r"asio/(ip|local|ssl|posix)/|asio/.*(socket|acceptor|resolver)", SYSTEM),
    (r"asio(\.hpp$|/)", ("transport", "endpoint", "client", "testing")),
    (r"(sys/(socket|un|epoll|poll)|netinet/.*|netdb|poll|arpa/inet)\.h$", SYSTEM),
    (r"sys/mman\.h$", ("core", "websocket")),
    (r"(sys/.*|unistd|fcntl|signal|pthread|sched)\.h$", SYSTEM + ("storage", "http")),
    (r"([a-z]mmintrin|arm_neon)\.h$", ("core", "codec", "websocket", "pipeline")),
    (r"[a-z0-9_]+$", tuple(LAYER)),
]
SOCKETS = re.compile(r"\basio::(ip::(tcp|udp)|local|ssl|posix)\b")

MAX_LINES = 400
MAX_MEDIAN = 150

# Tests without a header, each with its reason.
EXTRA_TESTS = {
    "adapters/same_overflow": "what a slow follower gets, behind another server and on an endpoint",
    "analyzers/nist": "several analyzers against NIST's certified values",
    "endpoint/logging": "what an operator is told, and when",
    "endpoint/random_configuration": "what is configured together, drawn at random",
    "endpoint/recording": "record_to and replay behind several loops",
    "endpoint/same_results": "fed in real time, behind a pause and by the manual clock",
    "pipeline/allocations": "no allocation an event in steady state, stage by stage",
    "pipeline/composite_keys": "keys of several parts, through windows, states and detectors",
    "pipeline/failing_allocations": "one after the other, in streams of several kinds",
    "pipeline/graphs": "whole pipelines, settings and input drawn, beside a batch computation",
    "pipeline/state_faults": "process_with_state under floods, damaged archives, and states that throw",
    "storage/sqlite_kill": "a process killed while it writes",
    "websocket/conformance/framing": "RFC 6455, section 5, rule by rule",
    "websocket/conformance/text": "RFC 6455, section 8.1",
    "websocket/conformance/closing": "RFC 6455, section 7",
    "websocket/conformance/limits": "messages at their limits",
    "websocket/conformance/compression": "RFC 7692 on the wire",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def folder_of(path):
    return path.split("/")[0] if "/" in path else None


def check_include(folder, bracket, included):
    """The rule that this include breaks, or None."""
    if bracket == '"':
        return "is to be written <millrace/folder/header.hpp>"
    if included.startswith("millrace/"):
        target = folder_of(included.removeprefix("millrace/"))
        if folder is None or target == folder:
            return None
        if target is None:
            return None if included == "millrace/version.hpp" else "belongs to no layer"
        if target not in LAYER:
            return f"{target}/ is in no layer"
        if LAYER[target] >= LAYER[folder]:
            return f"{target}/ is not below {folder}/"
        return None
    for pattern, allowed in FOREIGN_INCLUDES:
        if re.match(pattern, included):
            return None if folder is None or folder in allowed else f"only {', '.join(allowed)} may"
    return "is no header that millrace knows: see FOREIGN_INCLUDES"


def check_header(name, text):
    """A header, or an .ipp file: the long functions of the header beside it."""
    folder = folder_of(name)
    if folder is None and name not in NO_LAYER:
        yield "belongs to no layer"
    if folder is not None and folder not in LAYER:
        yield f"{folder}/ is in no layer"
        return
    if not COMMENT.sub("", text).lstrip().startswith("#pragma once"):
        yield "does not begin with #pragma once"
    lines = text.count("\n")
    if lines > MAX_LINES:
        yield f"has {lines} lines, more than {MAX_LINES}"
    for bracket, included in INCLUDE.findall(text):
        broken = check_include(folder, bracket, included)
        if broken:
            yield f"includes {included}: {broken}"
    if folder not in SYSTEM and SOCKETS.search(COMMENT.sub("", text)):
        yield f"names Asio's sockets: only {', '.join(SYSTEM)} may"


def check_compiled(headers, implementations, libraries):
    """An .ipp file belongs to the header of its name, and to one source of the compiled library."""
    for name in sorted(implementations):
        where = f"include/millrace/{name}.ipp"
        included = f"#include <millrace/{name}.ipp>\n"
        if not re.search(r"#ifndef MILLRACE_COMPILED\n" + re.escape(included) + "#endif\n$",
                         headers.get(name, "")):
            yield where, f"is not what ends include/millrace/{name}.hpp, without MILLRACE_COMPILED"
        sources = sum(included in text for text in libraries.values())
        if sources != 1:
            yield where, f"is in {sources} sources of include/millrace/compiled/, not in one"


def is_private(name):
    """Whether a header is in a folder detail, to be tested through what uses it."""
    return "detail" in name.split("/")[:-1]


def check_mirror(headers, tests):
    """Both are dictionaries of names, without suffix, and texts."""
    for name in sorted(headers.keys() - tests.keys()):
        if "/" in name and not is_private(name):
            yield f"include/millrace/{name}.hpp", f"has no test: tests/{name}.cpp"
    for name in sorted(tests.keys() - EXTRA_TESTS.keys()):
        test = f"tests/{name}.cpp"
        if name not in headers:
            yield test, f"tests no header: there is no include/millrace/{name}.hpp"
            continue
        first = INCLUDE.search(tests[name])
        if not first or first.group(2) != f"millrace/{name}.hpp":
            yield test, "does not include the header under test first"


def read_tree(top, suffix):
    return {path.relative_to(top).as_posix().removesuffix(suffix): path.read_text()
            for path in sorted(top.rglob("*" + suffix))}


def main(root):
    headers = read_tree(root / "include/millrace", ".hpp")
    implementations = read_tree(root / "include/millrace", ".ipp")
    tests = {name: text for name, text in read_tree(root / "tests", ".cpp").items()
             if folder_of(name) in LAYER}
    broken = [(f"include/millrace/{name}.hpp", rule)
              for name, text in headers.items()
              for rule in check_header(name + ".hpp", text)]
    broken += [(f"include/millrace/{name}.ipp", rule)
               for name, text in implementations.items()
               for rule in check_header(name + ".ipp", text)]
    broken += check_compiled(headers, implementations, read_tree(root / "include/millrace/compiled", ".cpp"))
    broken += check_mirror(headers, tests)

    lines = [text.count("\n") for text in headers.values()]
    median = statistics.median(lines)
    if median > MAX_MEDIAN:
        broken.append(("include/millrace", f"has a median above {MAX_MEDIAN} lines a header"))
    for where, rule in broken:
        print(f"{where}: {rule}")
    print(f"{len(headers)} headers, median {median:g} lines, longest {max(lines)}; "
          f"{len(tests)} tests; {len(broken)} rules broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
