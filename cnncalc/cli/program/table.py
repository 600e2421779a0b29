"""The commands that there are."""

from __future__ import annotations

__all__ = ["COMMANDS"]

COMMANDS = {
    "show": ("show", "Show a net layer by layer: shapes, parameters, costs, and their totals."),
    "chain": ("chain", "Show layers that are written on the command line."),
    "explain": ("explain", "Say why: the derivation of every number."),
    "compare": ("compare", "Compare nets side by side, or two of them layer by layer."),
    "draw": ("draw", "Draw a net: how it flows, or its feature maps to scale."),
    "list": ("list_nets", "List the bundled architectures with their totals."),
    "import": ("import_net", "Print a file of another tool as YAML of cnncalc."),
    "export": ("export", "Write a net as a file of another tool."),
    "rewrite": ("rewrite", "Make another net of a net: fold, split, fuse, replace, and what that gains."),
    "check": ("check", "Hold files to their `expect:` blocks and to budgets."),
    "verify": ("verify", "Build the net in torch, run it, and hold every number against it."),
    "solve": ("solve", "Run it backwards: what must go in so that this comes out."),
    "sweep": ("sweep", "A net over a grid of variables and input sizes."),
    "search": ("search", "The best of a space of nets: a Pareto front."),
    "kinds": ("kinds", "Say what a kind of layer is and which fields it has."),
    "web": ("web", "Serve the calculator as a page, on this machine."),
    "schema": ("schema", "Print the JSON Schema of the language, for editors."),
    "completion": ("completion", "Print the script that completes cnncalc's words in a shell."),
}
"""Command -> its module and its short help, so that `cnncalc --help` imports none of them."""
