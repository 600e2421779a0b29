"""The operations of an ML Program that work element by element, and say more than a name."""

from __future__ import annotations

from cnncalc.interchange.coreml.operation import Operation, Rule

__all__ = ["affine", "chosen", "classified", "clip", "gelu", "scaled", "unit"]


def clip(op: Operation) -> None:
    """clip, between `alpha` and `beta`."""
    op.say("Clip", op.x(), op.tell.number(op.real("alpha", -3e38)), op.tell.number(op.real("beta", 3e38)))


def gelu(op: Operation) -> None:
    """gelu."""
    word = op.word("mode", "EXACT")
    op.say("Gelu", op.x(), approximate="none" if word == "EXACT" else "tanh")


def chosen(op: Operation) -> None:
    """select; places that count from the end, below 0, are brought into the table: the converter guards lookups so."""
    condition = op.tell.maker(op.x("cond"))
    otherwise = op.tell.maker(op.x("b"))
    looked_up = op.x("a")
    guard = (condition.kind, condition.inputs[0]) if condition is not None else None
    if guard == ("GreaterOrEqual", looked_up) and otherwise is not None and otherwise.kind == "Add":
        op.say("Identity", looked_up)
    else:
        op.say("Where", op.x("cond"), looked_up, op.x("b"))


def classified(op: Operation) -> None:
    """classify: the likelihood of each class, and the likeliest one's name, which is no tensor."""
    for name in op.outputs:
        op.tell.put("Identity", [op.x("probabilities")], [name], op.name)


def scaled(kind: str) -> Rule:
    """α·f(β·x), of two numbers, or of two a channel, which are learned."""

    def rule(op: Operation) -> None:
        values = [op.held(key) for key in ("alpha", "beta")]
        alpha, beta = (
            op.tell.number(1.0) if one is None else op.tensor(one) if len(one.dims) == 0 or one.dims == (1,)
            else op.learned(one, key, (*one.dims, 1, 1))
            for one, key in zip(values, ("alpha", "beta"))
        )  # fmt: skip
        made = op.tell.put(kind, [op.tell.put("Mul", [op.x(), beta], name=op.name)], name=op.name)
        op.say("Mul", made, alpha)

    return rule


def affine(op: Operation) -> None:
    """linear_activation: α·x + β."""
    made = op.tell.put("Mul", [op.x(), op.tell.number(op.real("alpha", 1.0))], name=op.name)
    op.say("Add", made, op.tell.number(op.real("beta", 0.0)))


def unit(op: Operation) -> None:
    """l2_norm: over the length of all that the last three axes hold."""
    length = op.tell.put("ReduceL2", [op.x(), op.tell.numbers(-3, -2, -1)], name=op.name, keepdims=1)
    op.say("Div", op.x(), length)
