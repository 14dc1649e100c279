"""Turns pip's long output, on standard input, into one line that moves.

Usage: pip install ... | show_progress.py LOCKFILE
Where nobody watches a terminal it prints a line for every twenty packages.
"""

import re
import sys
from pathlib import Path

total = len(re.findall(r"^[a-z0-9].*==", Path(sys.argv[1]).read_text(encoding="utf-8"), re.MULTILINE))
watched = sys.stdout.isatty()
seen = 0


def show(text: str) -> None:
    print(f"\r\033[K  {text}" if watched else f"  {text}", end="" if watched else "\n", flush=True)


for line in sys.stdin:
    if line.startswith("Collecting "):
        seen += 1
        if watched or seen % 20 == 0:
            show(f"{seen} of about {total} packages: {re.split('[=<>~! ]', line.split()[1])[0]}")
    elif line.startswith("Installing collected packages"):
        show("installing them, up to a minute")
    elif line.startswith("Successfully installed"):
        show(f"{len(line.split()) - 2} packages installed")
        if watched:
            print()
