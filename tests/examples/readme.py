#!/usr/bin/env python3
"""Checks that what README.md shows is what the tree holds. Usage: readme.py ROOT"""

import pathlib
import re
import sys


def main(root):
    readme = (root / "README.md").read_text()
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    broken = []

    programs = [text for language, text in blocks if language == "cpp"]
    quick_start = (root / "examples/quick_start/quick_start.cpp").read_text()
    if not programs or programs[0] != quick_start:
        broken.append("the first program is not examples/quick_start/quick_start.cpp")
    client = (root / "tests/interop/client.py").read_text()
    for language, text in blocks:
        if language == "python" and text not in client:
            broken.append("the Python client is not a part of tests/interop/client.py")

    lines = readme.count("\n")
    first_code = readme[: readme.index("```cpp")].count("\n") + 1
    if lines > 200:
        broken.append(f"{lines} lines, more than 200")
    if first_code > 20:
        broken.append(f"the first code is at line {first_code}, beyond 20")
    prose = re.sub(r"^```.*?^```", "", readme, flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)#:]+)\)", prose):
        if not (root / link).exists():
            broken.append(f"links to {link}, which is not there")

    for each in broken:
        print(f"README.md: {each}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
