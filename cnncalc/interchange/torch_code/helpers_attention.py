"""Attention, as it stands in a file that needs it."""

from __future__ import annotations

__all__ = ["ATTENTION", "OTHERS"]

ATTENTION: dict[str, str] = {}
"""The text of each class, by its name."""

ATTENTION["Attention"] = '''
class Attention(nn.Module):
    """Multi-head attention, features first or last."""

    def __init__(
        self,
        features: int | tuple[int, ...],
        heads: int,
        rows: tuple[int, ...] | None = None,
        out: int | None = 0,
        bias: bool = True,
        project_bias: bool = True,
        causal: bool = False,
        last: bool = False,
    ):
        super().__init__()
        own = features if isinstance(features, int) else features[0]
        self.heads, self.causal, self.last = heads, causal, last
        self.rows = rows or (own, own, own)
        if isinstance(features, int):
            self.in_proj_weight = nn.Parameter(torch.empty(sum(self.rows), own))
        else:
            for name, row, column in zip("qkv", self.rows, features, strict=True):
                weight = nn.Parameter(torch.empty(row, column))
                self.register_parameter(f"{name}_proj_weight", weight)
        for weight in self.parameters():
            nn.init.xavier_uniform_(weight)
        zeros = torch.zeros(sum(self.rows))
        self.in_proj_bias = nn.Parameter(zeros) if bias else None
        joined = heads * self.rows[2] // (heads * self.rows[1] // self.rows[0])
        self.out_proj = (
            None if out is None else nn.Linear(joined, out or own, bias=project_bias)
        )

    def forward(self, *inputs: Tensor) -> Tensor:
        if hasattr(self, "in_proj_weight"):
            weights = self.in_proj_weight.split(self.rows)
        else:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        bias = self.in_proj_bias
        biases = (None,) * 3 if bias is None else bias.split(self.rows)
        tokens = [self.tokens(one) for one in inputs]
        sources = (tokens[0], tokens[min(1, len(tokens) - 1)], tokens[-1])
        groups = self.heads * self.rows[1] // self.rows[0]
        q, k, v = (
            F.linear(x, weight, bias).unflatten(-1, (count, -1)).transpose(1, 2)
            for x, weight, bias, count in zip(
                sources, weights, biases, (self.heads, groups, groups), strict=True
            )
        )
        x = F.scaled_dot_product_attention(
            q, k, v, is_causal=self.causal, enable_gqa=groups < self.heads
        )
        x = x.transpose(1, 2).flatten(2)
        x = x if self.out_proj is None else self.out_proj(x)
        if self.last:
            return x.unflatten(1, inputs[0].shape[1:-1])
        return x.transpose(1, 2).unflatten(2, inputs[0].shape[2:])

    def tokens(self, x: Tensor) -> Tensor:
        """(batch, places, features)."""
        return x.flatten(1, -2) if self.last else x.flatten(2).transpose(1, 2)
'''.strip()

ATTENTION["WindowAttention"] = '''
class WindowAttention(nn.Module):
    """Multi-head attention within windows of a map, features last."""

    def __init__(
        self,
        features: int,
        heads: int,
        window: tuple[int, ...],
        shift: tuple[int, ...] = (),
        grid: bool = False,
        relative: bool = False,
        hidden: int | None = None,
        cosine: bool = False,
        scale: float | None = None,
        rows: tuple[int, ...] | None = None,
        out: int | None = 0,
        bias: bool = True,
        project_bias: bool = True,
        causal: bool = False,
    ):
        super().__init__()
        self.heads, self.window, self.grid, self.causal = heads, window, grid, causal
        self.scale = scale
        self.shift = shift or (0,) * len(window)
        self.rows = rows or (features, features, features)
        self.in_proj_weight = nn.Parameter(torch.randn(sum(self.rows), features) * 0.02)
        zeros = torch.zeros(sum(self.rows))
        self.in_proj_bias = nn.Parameter(zeros) if bias else None
        self.groups = heads * self.rows[1] // self.rows[0]
        joined = heads * self.rows[2] // self.groups
        self.out_proj = None
        if out is not None:
            self.out_proj = nn.Linear(joined, out or features, bias=project_bias)
        self.relative_position_bias_table = None
        self.cpb_mlp = self.logit_scale = None
        if cosine:
            self.logit_scale = nn.Parameter(torch.full((heads, 1, 1), math.log(10.0)))
        if relative or hidden is not None:
            at = torch.cartesian_prod(*(torch.arange(n) for n in window))
            at = at.view(-1, len(window))
            apart = at[:, None] - at[None] + torch.tensor(window) - 1
            index = torch.zeros_like(apart[..., 0])
            for axis, n in enumerate(window):
                index = index * (2 * n - 1) + apart[..., axis]
            self.register_buffer("relative_position_index", index.flatten())
        if hidden is not None:
            steps = (torch.arange(1.0 - n, n) / max(n - 1, 1) for n in window)
            far = 8 * torch.stack(torch.meshgrid(*steps, indexing="ij"), -1)[None]
            coords = far.sign() * (far.abs() + 1).log2() / 3
            self.register_buffer("relative_coords_table", coords)
            self.cpb_mlp = nn.Sequential(
                nn.Linear(len(window), hidden),
                nn.ReLU(),
                nn.Linear(hidden, heads, bias=False),
            )
        elif relative:
            distances = math.prod(2 * n - 1 for n in window)
            table = torch.randn(distances, heads) * 0.02
            self.relative_position_bias_table = nn.Parameter(table)

    def forward(self, x: Tensor) -> Tensor:
        places, axes = x.shape[1:-1], tuple(range(1, x.dim() - 1))
        x = self.parted(x.roll([-n for n in self.shift], axes))
        x = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = (
            one.unflatten(-1, (count, -1)).transpose(2, 3)
            for one, count in zip(
                x.split(self.rows, -1),
                (self.heads, self.groups, self.groups),
                strict=True,
            )
        )
        k = k.repeat_interleave(self.heads // self.groups, 2)
        v = v.repeat_interleave(self.heads // self.groups, 2)
        if self.logit_scale is None:
            scale = self.scale or q.shape[-1] ** -0.5
            scores = (q * scale) @ k.transpose(-2, -1)
        else:
            scale = self.logit_scale.clamp(max=math.log(100.0)).exp()
            scores = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
            scores = scores * scale
        x = self.biased(scores, places).softmax(-1) @ v
        x = x.transpose(2, 3).flatten(3)
        if self.out_proj is not None:
            x = self.out_proj(x)
        return self.joined(x, places).roll(self.shift, axes)

    def parted(self, x: Tensor) -> Tensor:
        """The places of each window in a row."""
        rank = len(self.window)
        for axis, n in enumerate(self.window):
            x = x.unflatten(1 + 2 * axis, (n, -1) if self.grid else (-1, n))
        outer, inner = range(1, 2 * rank, 2), range(2, 2 * rank + 1, 2)
        order = (*inner, *outer) if self.grid else (*outer, *inner)
        x = x.permute(0, *order, -1)
        return x.flatten(1 + rank, 2 * rank).flatten(1, rank)

    def joined(self, x: Tensor, places: tuple[int, ...]) -> Tensor:
        """The map that windows are parts of."""
        rank = len(self.window)
        pairs = zip(places, self.window, strict=True)
        counts = [n // window for n, window in pairs]
        x = x.unflatten(2, self.window).unflatten(1, counts)
        pairs = [(1 + axis, 1 + rank + axis) for axis in range(rank)]
        order = [one for pair in pairs for one in (pair[::-1] if self.grid else pair)]
        x = x.permute(0, *order, -1)
        for axis in range(rank):
            x = x.flatten(1 + axis, 2 + axis)
        return x

    def biased(self, scores: Tensor, places: tuple[int, ...]) -> Tensor:
        """Scores with what depends on places alone."""
        size = scores.shape[-1]
        table = self.relative_position_bias_table
        if self.cpb_mlp is not None:
            table = self.cpb_mlp(self.relative_coords_table).flatten(0, -2)
        if table is not None:
            biases = table[self.relative_position_index.flatten()]
            biases = biases.view(size, size, -1).permute(2, 0, 1)
            biases = biases if self.cpb_mlp is None else 16 * biases.sigmoid()
            scores = scores + biases
        if self.causal:
            scores = scores + scores.new_full((size, size), -math.inf).triu(1)
        if any(self.shift):
            regions = torch.zeros(tuple(places), device=scores.device)
            for axis, (n, window, shift) in enumerate(
                zip(places, self.window, self.shift, strict=True)
            ):
                at = torch.arange(n, device=scores.device)
                part = (at >= n - window).float() + (at >= n - shift).float()
                part = part if shift else torch.zeros_like(part)
                regions = regions * 3 + part.view(-1, *(1,) * (len(places) - 1 - axis))
            regions = self.parted(regions[None, ..., None])[0, :, :, 0]
            apart = (regions[:, :, None] != regions[:, None]) * -100.0
            scores = scores + apart[:, None].to(scores.dtype)
        return scores
'''.strip()

OTHERS = {"qkv": "ShiftedWindowAttention", "to_qkv": "PartitionAttention"}
"""The classes whose projections are called otherwise than torch's."""
LAST = {"qkv": "proj", "to_qkv": "merge"}


def _renamed(first: str) -> str:
    """Windows of attention whose matrices are modules of their own, called as checkpoints call them."""
    text = ATTENTION["WindowAttention"].replace("class WindowAttention", f"class {OTHERS[first]}")
    weight, zeros, bias, does = (
        "        self.in_proj_weight = nn.Parameter(torch.randn(sum(self.rows), features) * 0.02)\n",
        "        zeros = torch.zeros(sum(self.rows))\n",
        "        self.in_proj_bias = nn.Parameter(zeros) if bias else None\n",
        "        x = F.linear(x, self.in_proj_weight, self.in_proj_bias)\n",
    )
    text = text.replace(weight, f"        self.{first} = nn.Linear(features, sum(self.rows), bias=bias)\n")
    text = text.replace(zeros, "").replace(bias, "").replace(does, f"        x = self.{first}(x)\n")
    flattened = "index if len(window) > 2 else index.flatten()" if first == "qkv" else "index"
    text = text.replace(
        '            self.register_buffer("relative_position_index", index.flatten())\n',
        f'            index = {flattened}\n            self.register_buffer("relative_position_index", index)\n',
    )
    text = text.replace("            index = index\n", "")
    return text.replace("self.out_proj", f"self.{LAST[first]}")


for _first, _name in OTHERS.items():
    ATTENTION[_name] = _renamed(_first)
