#!/usr/bin/env python3
"""Compiles what CONTRIBUTING.md and docs/ show. Usage: snippets.py ROOT COMPILER ARGUMENTS..."""

import pathlib
import re
import subprocess
import sys

CONTRIBUTED = """
struct sample {
    double value;
    millrace::timestamp time;
};
static_assert(millrace::analyzer<millrace::last<&sample::value>, sample>);
static_assert(millrace::mergeable<millrace::last<&sample::value>>);
static_assert(millrace::window_assigner<millrace::half_month>);
static_assert(millrace::guard<millrace::office_hours>);
"""


def parts_of(file):
    return re.findall(r"^```cpp\n(.*?)^```", file.read_text(), re.MULTILINE | re.DOTALL)


def program(root):
    lines = ["#include <millrace/endpoint/file_access_log.hpp>",
             "#include <millrace/endpoint/stderr_log.hpp>", "#include <millrace/millrace.hpp>",
             "#include <iostream>",
             "namespace millrace {", *parts_of(root / "CONTRIBUTING.md"), "}", CONTRIBUTED,
             "namespace mr = millrace;", "using namespace std::chrono_literals;"]
    for file in sorted((root / "docs").glob("*.md")):
        for number, part in enumerate(parts_of(file)):
            declares = part.startswith("struct ")
            lines.append(part if declares else f"void {file.stem}_{number}() {{\n{part}}}")
    return "\n".join(lines)


def main(root, *compile_command):
    done = subprocess.run(compile_command, input=program(root), text=True, check=False)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), *sys.argv[2:]))
