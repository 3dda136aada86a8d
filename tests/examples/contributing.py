#!/usr/bin/env python3
"""Compiles the parts that CONTRIBUTING.md shows. Usage: contributing.py ROOT COMPILER ARGUMENTS..."""

import pathlib
import re
import subprocess
import sys

CHECKS = """
struct sample {
    double value;
    millrace::timestamp time;
};
static_assert(millrace::analyzer<millrace::last<&sample::value>, sample>);
static_assert(millrace::mergeable<millrace::last<&sample::value>>);
static_assert(millrace::window_assigner<millrace::monthly>);
static_assert(millrace::guard<millrace::office_hours>);
"""


def main(root, *compile_command):
    text = (root / "CONTRIBUTING.md").read_text()
    parts = re.findall(r"^```cpp\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    program = "#include <millrace/millrace.hpp>\nnamespace millrace {\n" + "\n".join(parts) + "}\n"
    done = subprocess.run(compile_command, input=program + CHECKS, text=True, check=False)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), *sys.argv[2:]))
