"""Modules as users write them: parts that are overwritten, tied weights, branches on numbers, unseen functions."""

from __future__ import annotations

import pytest

from cnncalc import from_torch, report, to_torch
from cnncalc.api.programs import foreign_of
from cnncalc.errors import CnncalcError

torch = pytest.importorskip("torch")
exported = pytest.importorskip("cnncalc.torch_backend.exporting").exported
from torch import nn  # noqa: E402


class Doing(nn.Module):
    """A function as a module, with parameters that it is given first."""

    def __init__(self, does, *shapes):
        super().__init__()
        self.does, self.own = does, nn.ParameterList(torch.rand(shape) for shape in shapes)

    def forward(self, x):
        return self.does(*self.own, x)


class Written(nn.Module):
    """A convolution on some channels, whose result stands in their place, and what is added to a column."""

    def __init__(self):
        super().__init__()
        self.some = nn.Conv2d(2, 2, 3, padding=1)
        self.last = nn.Conv2d(4, 1, 1)

    def forward(self, x):
        x = x * 2
        x[:, :2] = self.some(x[:, :2])
        x[:, :, 0] += 1
        x[:, 3:] = self.last(x)
        x[:, 1][:, 2] *= 3
        return x


def test_what_is_written_into_a_part_of_a_tensor_changes_it():
    module, x = Written().eval(), torch.rand(1, 4, 5, 5)
    read = to_torch(from_torch(module, x)).eval()
    assert list(read.state_dict()) == list(module.state_dict())
    read.load_state_dict(module.state_dict())
    torch.testing.assert_close(read(x), module(x))


@pytest.mark.parametrize("shift", [0, 2])
def test_what_is_written_into_no_place_changes_nothing(shift):
    """As torchvision's 3-D Swin writes its mask along an axis on which its windows are not shifted."""

    def does(x):
        mask = x.new_zeros(4, 4)
        for number, part in enumerate((slice(0, -2), slice(-2, -shift), slice(-shift, None))):
            mask[part] = number
        return x + mask

    read = from_torch(Doing(does), torch.zeros(1, 3, 4, 4))
    assert {name: read.nodes[index].shape for name, index in read.outputs.items()} == {
        next(iter(read.outputs)): (3, 4, 4)
    }


def test_a_parameter_of_which_a_part_is_overwritten_counts_as_it_is():
    """As Swin V2 of torchvision takes the keys' third out of a bias."""

    def does(weight, bias, x):
        bias = bias.clone()
        bias[3:6].zero_()
        return nn.functional.linear(x, weight, bias)

    read = foreign_of(exported(Doing(does, (9, 4), 9), [torch.zeros(1, 4)]), "net")
    assert "- {linear: 9, name: linear}" in read.text
    assert any("overwritten counts as it is" in note for note in read.notes)


class Tied(nn.Module):
    """A table of vectors that is also the matrix of the last layer."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(100, 32)
        self.inner = nn.Linear(32, 32)
        self.out = nn.Linear(32, 100, bias=False)
        self.out.weight = self.table.weight

    def forward(self, x):
        return self.out(self.inner(self.table(x.long())))


def test_tied_weights_count_once():
    rows = report(from_torch(Tied(), torch.zeros(1, 12))).rows
    assert [(row.name, row.params) for row in rows] == [("table", 3200), ("inner", 1056), ("out", 0)]


class Twice(nn.Module):
    """One convolution under two names."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 3, 3, padding=1)
        self.second = nn.Conv2d(3, 3, 3, padding=1)
        self.second.weight, self.second.bias = self.first.weight, self.first.bias

    def forward(self, x):
        return self.second(self.first(x))


def test_parameters_of_two_names_count_once():
    program = exported(Twice(), [torch.zeros(1, 3, 8, 8)])
    read = foreign_of(program, "net")
    assert "share: first" in read.text
    assert not any("in no layer" in note for note in read.notes)


class Branching(nn.Module):
    """One of two layers, by the numbers that come in."""

    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Linear(16, 4), nn.Linear(16, 5)

    def forward(self, x):
        return self.one(x) if x.sum() > 0 else self.other(x)


def test_a_branch_on_numbers_is_the_way_that_they_take():
    if not hasattr(torch.export, "draft_export"):
        pytest.skip("torch.export.draft_export is newer")
    program = exported(Branching(), [torch.zeros(1, 16)])
    read = foreign_of(program, "net")
    assert "linear: 5, name: other" in read.text
    assert any("the code looks at numbers" in note for note in read.notes)


class Unseen(nn.Module):
    """Functions of which no layer of ours is one."""

    def forward(self, x):
        return torch.special.i1(torch.digamma(torch.lgamma(x)))


def test_all_functions_that_are_not_known_are_told_together():
    with pytest.raises(CnncalcError) as caught:
        from_torch(Unseen(), torch.zeros(1, 3, 8, 8))
    for name in ("lgamma", "digamma", "special_i1"):
        assert f"aten.{name}.default" in str(caught.value)


def test_parameters_that_meet_keep_their_operation():
    module = Doing(lambda one, other, x: x + one * other, (4, 4), (4, 1))
    assert [row.kind for row in report(from_torch(module, torch.zeros(1, 4, 4))).rows][2:] == ["multiply", "add"]


def test_attention_in_windows_of_one_is_no_attention_among_heads():
    def does(x):
        x = x.reshape(9, 1, 5, 1).transpose(1, 2)
        return nn.functional.scaled_dot_product_attention(x, x, x).reshape(1, 9, 5)

    assert report(from_torch(Doing(does), torch.zeros(1, 9, 5))).totals.macs == 2 * 9 * 5


@pytest.mark.parametrize("does", [lambda x: x, lambda x: x.reshape(x.shape)])
def test_a_module_that_does_nothing_is_an_identity(does):
    assert [row.kind for row in report(from_torch(Doing(does), torch.zeros(1, 3, 8))).rows] == ["identity"]


def overwritten(x):
    """A tensor that is written over in other shapes, and read in its first one."""
    x = x * 2
    x.relu_()
    x.view(1, 4, 25).mul_(3)
    x.flatten(1).add_(1)
    x.reshape(1, 2, 2, 5, 5)[:, 1, :, 2].sub_(2)
    return x


def branches(x):
    """What one branch writes over as a row, another one reads as a map."""
    x = x + 1
    return [nn.functional.relu(x.flatten(1) - 1, inplace=True), x.flatten(1).neg_(), x]


def turned(x):
    """A product lies as its factor does: what is turned back is a row of it, and one with it."""
    x = x.transpose(2, 3) * 1
    row = x.transpose(2, 3).reshape(1, -1)
    return row.neg_(), x


def copied(x):
    """A row of a turned map is a copy of it."""
    x = x * 1
    return x.transpose(2, 3).reshape(1, -1).neg_(), x


@pytest.mark.parametrize("does", [overwritten, branches, turned, copied])
def test_what_is_written_over_in_another_shape_is_one_tensor(does):
    module, x = Doing(does), torch.randn(1, 4, 5, 5)
    made, found = module(x), to_torch(from_torch(module, x))(x)
    made = [made] if isinstance(made, torch.Tensor) else made
    found = [found] if isinstance(found, torch.Tensor) else found.values()
    for one, other in zip(made, found, strict=True):
        torch.testing.assert_close(other.reshape(one.shape), one)


def assembled(x):
    """A tensor of zeros whose parts are written one after the other."""
    out = torch.zeros(1, 8, 5, 5)
    out[:, :4] = x * 2
    out[:, 4:] = x + 1
    return out


def chained(x):
    """A part of a tensor that is written over twice."""
    x = x * 1
    x[:, 0].add_(1).mul_(3)
    return x


@pytest.mark.parametrize("does", [assembled, chained, nn.CrossMapLRN2d(3)])
def test_a_tensor_that_is_written_part_by_part_holds_them(does):
    module, x = Doing(does).eval(), torch.rand(1, 4, 5, 5)
    torch.testing.assert_close(to_torch(from_torch(module, x))(x), module(x))


class Balanced(nn.Module):
    """A convolution whose weight is looked at, turned, before it is used: it counts once."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x):
        scale = self.conv.weight.transpose(0, 1).square().sum((1, 2, 3)).sqrt()
        return self.conv(x / scale[:, None, None])


def test_a_weight_that_is_looked_at_counts_once():
    module, x = Balanced().eval(), torch.rand(1, 4, 5, 5)
    totals = report(from_torch(module, x)).totals
    assert (totals.params, totals.macs) == (20, 4 * 4 * 25)


class Counting(nn.Module):
    """Goes on with a number that it computes of a tensor."""

    def forward(self, x):
        return x * x.abs().sum().item()


def sparse():
    module = nn.Linear(8, 3)
    module.weight = nn.Parameter(module.weight.data.to_sparse())
    return nn.Sequential(module)


@pytest.mark.parametrize(
    ("make", "said", "help"),
    [
        (sparse, "takes no sparse weights", "weight.to_dense()"),
        (Counting, "a number that the code computes of a tensor, as by `.item()`", ""),
        (lambda: torch.export.export(nn.Linear(8, 3), (torch.zeros(2, 8),)), "is no torch module", "torch.export.save"),
    ],
)
def test_what_cannot_be_exported_is_told_with_the_way_out(make, said, help):
    with pytest.raises(CnncalcError) as error:
        from_torch(make(), torch.zeros(2, 8))
    (fault,) = error.value.faults
    assert said in fault.message
    assert help in fault.help
