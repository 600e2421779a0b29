"""Nets to be hostile with: mostly right ones, of every kind of text that the program reads, and slips in them."""

from __future__ import annotations

from random import Random

from layer_texts import layer_text, wild_text
from mutations import MUTATIONS, TEXTS, WORDS
from networks import network

from cnncalc.language import bundled

__all__ = [
    "COMPARISONS", "bundled_name", "chain_layers", "condition", "net_text", "symbols", "unknown_text", "wild_word",
]  # fmt: skip

SMALL = ("lenet5", "alexnet", "resnet18", "mobilenet_v2", "squeezenet1_0", "unet", "vgg11", "shufflenet_v2_x1_0")
"""Nets that are built in a few milliseconds."""
LETTERS = "HWDLKSTZ"
COMPARISONS = ("<=", ">=", "==", "<", ">", "!=")
ARITHMETIC = ("+", "-", "*", "//", "%")
EXPRESSIONS = (
    "$width", "$(width * 2)", "$(in_channels)", "$(max(width, 2))", "$(width // 2 + 1)", "$(divisible(width, 2))",
    "$(sum([width, 1]))", "$(len([1, 2, 3]))", "$(2 if width > 3 else 3)", "$(int(width * 1.5))",
)  # fmt: skip
UNKNOWN_LAYERS = (
    "conv ?1..4 k3 p1", "conv 4 k?1..3", "conv 4 k?", "conv ?8|16 k3 s? p1", "maxpool ?1..3", "relu", "batchnorm",
    "{conv: {out: '?1..3', kernel: 3}}", "{add: [[conv ?2..3 k1], [conv 2 k1]]}", "{repeat: '?1..3', layers: [relu]}",
    "{concat: [[conv ?1..2 k1], []]}", "linear ?1..9", "{conv: 4 k1, when: '?0..1 == 1'}",
)  # fmt: skip


def bundled_name(random: Random) -> str:
    """The name of a bundled net, mostly of a small one."""
    return random.choice(SMALL) if random.random() < 0.9 else random.choice(list(bundled()))


def net_text(random: Random) -> str | bytes:
    """A file: a random net, one with variables, a bundled one; in every fourth a slip, in some several."""
    roll = random.random()
    if roll < 0.6:
        text: str | bytes = network(random).text
    elif roll < 0.85:
        text = _with_variables(random)
    else:
        text = random.choice(list(TEXTS.values()))
    slips = random.choice((0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2))
    for _ in range(slips):
        if isinstance(text, bytes) or len(text) < 10:
            break
        text = random.choice(MUTATIONS)(random, text)
    return text


def _with_variables(random: Random) -> str:
    """A small family: variables, expressions, loops, a block, what it expects."""
    shape, items = _shape(random), []
    for _ in range(random.randint(1, 6)):
        value = random.choice(EXPRESSIONS) if random.random() < 0.7 else str(random.randint(1, 8))
        items.append(
            random.choice((
                f"conv {value} k{random.choice((1, 3))} p1",
                f'{{conv: {{out: "{value}", kernel: 3, padding: 1}}, when: width > {random.randint(0, 9)}}}',
                f'{{repeat: "{value}", layers: [conv $(i + 1) k1, relu]}}',
                f'{{for: {{c: [2, "{value}"]}}, layers: [conv $c k1]}}',
                f"unit n={random.randint(1, 6)}",
                "{add: [[conv $in_channels k3 p1], []]}",
                "{concat: [[conv 2 k1], [conv $width k3 p1]]}",
                "relu", "batchnorm", "maxpool 2", f"dropout 0.{random.randint(0, 9)}", "softmax",
                f"{{relu: , name: a{random.randint(0, 3)}}}",
            ))
        )  # fmt: skip
    lines = [
        f"name: {random.choice(('net', 'Net 7', 'naïve', '=1+1', '-', 'a b'))}",
        f"input: {'x'.join(map(str, shape))}",
        f"variables: {{width: {random.choice((1, 2, 3, 4, 8, 0.5, 16))}, flag: {random.choice(('true', 'false'))}}}",
        "blocks: {unit: {with: {n: 2}, layers: [conv $n k1, relu]}}",
        "layers:",
        *(f"  - {item}" for item in items),
    ]
    if random.random() < 0.2:
        lines.append(random.choice((
            "expect: {params: 10}", "expect: {output: [4, 8, 8], shapes: {relu1: 4x8x8}}",
            f"expect: {{macs: {random.choice(WORDS)}}}", "expect: {keras: {params: 3}, train: {layers: 2}}",
        )))  # fmt: skip
    if random.random() < 0.1:
        lines.append(random.choice(("dialect: keras", "dialect: caffe", "dialect: paddle", "dialect: onnx")))
    return "\n".join(lines) + "\n"


def unknown_text(random: Random) -> str:
    """A file with unknowns, for `solve file`."""
    items = [random.choice(UNKNOWN_LAYERS) for _ in range(random.randint(1, 4))]
    return f"input: {random.choice(('2x9x9', '3x8x8', '2x?8..9x9'))}\nlayers: [{', '.join(items)}]\n"


def _shape(random: Random) -> tuple[int, ...]:
    rank = random.choice((1, 2, 2, 2, 2, 3))
    return (random.randint(1, 6), *(random.choice((1, 4, 7, 8, 9, 16, 32)) for _ in range(rank)))


def symbols(random: Random, text: str | bytes = "") -> str:
    """An input with symbols."""
    channels = random.choice((1, 2, 3, 3, 4))
    rank = random.choice((1, 2, 2, 2, 3))
    lengths = [random.choice((*LETTERS[:2], *LETTERS[:2], LETTERS[2], "8", "9", "16")) for _ in range(rank)]
    return "x".join([str(channels), *lengths])


def chain_layers(random: Random) -> tuple[str, list[str]]:
    """An input and layers that mostly fit one another, for `chain`."""
    if random.random() < 0.1:
        text, shapes = wild_text(random)
        return "x".join(map(str, shapes[0])), [text, "relu"]
    shape = _shape(random)
    layers = [
        layer_text(random, shape if random.random() < 0.7 else _shape(random)) for _ in range(random.randint(1, 4))
    ]
    if random.random() < 0.3:
        layers = [f"conv {random.randint(1, 9)} k3 p1", "relu", f"maxpool {random.choice((1, 2))}"]
    return "x".join(map(str, shape)), layers


def wild_word(random: Random) -> str:
    """What no option expects."""
    return random.choice((
        *WORDS, "²", "٣", "9" * 50, "9" * 5_000, "1e999", "-1", "\x1b[31m", "a\nb", "\udcff", "=1+1", "nan", "H*W",
        "3xHxW", "x" * 300, "*", "[", "(" * 90, "$(", "1:2:3", "{1:9}", ",", "=", "a=b=c", "-", "/dev/null", "..",
    ))  # fmt: skip


def condition(random: Random, depth: int) -> str:
    """A condition on lengths."""
    if depth and random.random() < 0.3:
        parts = [condition(random, depth - 1) for _ in range(2)]
        return random.choice((" and ", " or ")).join(f"({part})" for part in parts)
    if depth and random.random() < 0.1:
        return f"not ({condition(random, depth - 1)})"
    return f"{number(random, 2)} {random.choice(COMPARISONS)} {number(random, 1)}"


def number(random: Random, depth: int) -> str:
    """A number that depends on lengths."""
    if depth and random.random() < 0.6:
        if random.random() < 0.15:
            return f"{random.choice(('max', 'min'))}({number(random, depth - 1)}, {number(random, depth - 1)})"
        return f"({number(random, depth - 1)} {random.choice(ARITHMETIC)} {number(random, depth - 1)})"
    return random.choice(("H", "W", "H", "W", "L", "2", "3", "7", "16", "32", "0"))
