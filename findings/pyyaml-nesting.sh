#!/usr/bin/env bash
# PyYAML 6.0.4 (and libyaml as its wheels ship it): its two loaders disagree about how deep a document may nest.
#
# A list of 1,001 brackets, or of 1,001 indented mappings, is valid YAML. PyYAML 6.0.3 parses both with either loader.
# Since 6.0.4 the C loader raises a ScannerError ("exceeded maximum nesting depth") at level 1,001, and it looks ahead:
# of a text in brackets no list is handed out before the error, so that a program which counts levels itself never
# gets to its own bound. The Python loader of the same release goes on.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='6.0.3 c 1000 ok
6.0.3 c 1001 ok
6.0.3 python 1001 ok
6.0.4 c 1000 ok
6.0.4 c 1001 ScannerError, 1 events before it
6.0.4 python 1001 ok'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cat > "$place/nest.py" <<'PY'
import sys
import yaml
from yaml._yaml import CParser

release, loader, depth = sys.argv[1:]
text = "[" * int(depth) + "]" * int(depth)
parser = CParser(text) if loader == "c" else yaml.SafeLoader(text)
count = 0
try:
    while parser.get_event() is not None:
        count += 1
    print(release, loader, depth, "ok")
except yaml.scanner.ScannerError:
    print(release, loader, depth, f"ScannerError, {count} events before it")
PY
for release in 6.0.3 6.0.4; do
  python3 -m pip install --quiet --disable-pip-version-check --target "$place/$release" "PyYAML==$release" 2>/dev/null
done
found=$(
  for run in "6.0.3 c 1000" "6.0.3 c 1001" "6.0.3 python 1001" "6.0.4 c 1000" "6.0.4 c 1001" "6.0.4 python 1001"; do
    read -r release loader depth <<< "$run"
    PYTHONPATH="$place/$release" python3 "$place/nest.py" "$release" "$loader" "$depth"
  done
)
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
