#!/usr/bin/env bash
# XLA's cost analysis in jax 0.10.2: a loop costs what one turn of it costs.
#
# `compiled.cost_analysis()["flops"]` of a recurrence of ten matrix products, written as `jax.lax.scan`, is that of
# one product; `fori_loop` and `while_loop` are alike. The same recurrence written out has ten times as much. So a
# recurrent layer, or a stack of equal blocks that is scanned over to compile faster, seems to cost as little as a
# single step. 10 products of 1×8 by 8×8 are 10·2·64 = 1,280 floating-point operations; each step adds two of the
# loop's own.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='jax 0.10.2
scanned 130
looped 130
unrolled 1280'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check jax==0.10.2
cat > "$place/seen.py" <<'PY'
import jax
import jax.numpy as jnp

STEPS = 10


def step(state, weight):
    return state @ weight


def scanned(state, weight):
    return jax.lax.scan(lambda one, _: (step(one, weight), None), state, None, length=STEPS)[0]


def looped(state, weight):
    return jax.lax.fori_loop(0, STEPS, lambda _, one: step(one, weight), state)


def unrolled(state, weight):
    for _ in range(STEPS):
        state = step(state, weight)
    return state


print("jax", jax.__version__)
for function in (scanned, looped, unrolled):
    compiled = jax.jit(function).lower(jnp.ones((1, 8)), jnp.ones((8, 8))).compile()
    print(function.__name__, int(compiled.cost_analysis()["flops"]))
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
