"""What the symbols of a layer's formulas stand for, looked up in the layer and the shapes as the legend says."""

from __future__ import annotations

FIELDS = {
    "k": "kernel", "s": "stride", "p": ("padding", "border"), "d": "dilation", "g": "groups",
    "m": ("multiplier", "pieces"), "op": "output_padding", "r": ("factor", "scale"), "n": "size", "F": "out",
    "V": "vocabulary", "E": "features", "h": "heads", "H": "hidden", "w": "window",
    "up": "up",
}  # fmt: skip
AXES = {1: "L", 2: "HW", 3: "DHW"}
SIDES = {
    1: (("before", "after"),),
    2: (("top", "bottom"), ("left", "right")),
    3: (("front", "back"), ("top", "bottom"), ("left", "right")),
}


def letters(shape):
    rank = len(shape) - 1
    if rank == 0:
        return ["F"]
    return ["C", *AXES[rank]] if rank in AXES else [f"n{axis}" for axis in range(rank + 1)]


class Meanings(dict):
    """The value of each symbol of one layer, `rows` being the report's rows by name."""

    def __init__(self, graph, node, rows, batch, size):
        super().__init__(N=batch, b=size)
        self.layer, self.shapes, self.shape = node.layer, graph.input_shapes(node), node.shape
        self.before = [rows.get(graph.nodes[index].name) for index in node.inputs]
        self["MACs"] = rows[node.name].macs
        indices = ["in"] if len(self.shapes) == 1 else [str(number + 1) for number in range(len(self.shapes))]
        self.letters_out = [f"{letter}_out" for letter in letters(self.shape)]
        for index, shape in (*zip(indices, self.shapes), ("out", self.shape)):
            self.update((f"{letter}_{index}", n) for letter, n in zip(letters(shape), shape))

    def received(self, symbol, quantity):
        """What the receptive field was before the layer, for a formula that says what it is behind it."""
        if symbol not in ("r_out", "j_out", "P_out"):
            return {}
        rank = len(self.shapes[0]) - 1
        words = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}[rank]
        axis = next((index for index, word in enumerate(words) if word in quantity), 0)
        row = self.before[0]
        if row is None:
            return {"r_in": 1, "j_in": 1, "P_in": 0}
        field = row.receptive_field
        return {"r_in": field.size[axis], "j_in": field.stride[axis], "P_in": field.padding[axis]}

    def __missing__(self, name):
        head, _, index = name.partition("_")
        return self.field(head, index)

    def field(self, head, index):
        names = FIELDS[head] if isinstance(FIELDS[head], tuple) else (FIELDS[head],)
        value = next(getattr(self.layer, name) for name in names if name in self.layer.fields)
        rank = len(self.shapes[0]) - 1
        if head == "s" and value is None:
            value = self.layer.kernel if self.layer.dialect != "caffe" else (1,)
        if isinstance(value, int):
            return value
        values = list(value) if len(value) == rank else list(value) * rank
        if not index or head == "F":
            flat = {n for one in values for n in (one if isinstance(one, tuple) else (one,))}
            assert len(flat) == 1, (head, values)
            return flat.pop()
        if index.upper() in AXES[rank] and len(index) == 1:
            one = values[AXES[rank].index(index.upper())]
            if isinstance(one, tuple):
                assert one[0] == one[1]
                return one[0]
            return one
        for sides, one in zip(SIDES[rank], values):
            if index in sides:
                return one[sides.index(index)]
        raise KeyError(f"{head}_{index}")
