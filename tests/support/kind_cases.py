"""Cases of the kinds that are no convolution, pool or plain activation, counted by hand; `test_layers` holds them.

A count is written as the sum or product by which it was counted.
"""

from __future__ import annotations

__all__ = ["KIND_CASES", "KIND_NAMES", "KIND_REFUSED"]

KIND_CASES = [
    # notation, input shapes, output shape, parameters, multiply–accumulates, other operations
    ("local 6 k3", ["2x5x5"], "6x3x3", 9 * (2 * 9 * 6 + 6), 9 * 2 * 9 * 6, 9 * 6),  # nine positions
    ("local 4 k3 s2 p1 nobias", ["3x7"], "4x4", 4 * 3 * 3 * 4, 4 * 3 * 3 * 4, 0),
    ("exp", ["8x5x5"], "8x5x5", 0, 0, 200),
    ("function rsqrt", ["8x5x5"], "8x5x5", 0, 0, 2 * 200),
    ("clip 0 6", ["8x5x5"], "8x5x5", 0, 0, 2 * 200),
    ("clip high=6", ["8x5x5"], "8x5x5", 0, 0, 200),
    ("log_sigmoid", ["8"], "8", 0, 0, 4 * 8),
    ("glu", ["8x5x5"], "4x5x5", 0, 0, 5 * 100),  # a sigmoid is four, and a product
    ("glu axis=1", ["8x6"], "8x3", 0, 0, 5 * 24),
    ("multiply 0.1", ["8x5x5"], "8x5x5", 0, 0, 200),
    ("minimum", ["8x5x5", "8x5x5", "8x5x5"], "8x5x5", 0, 0, 2 * 200),
    ("subtract", ["8x5x5", "8x1x1"], "8x5x5", 0, 0, 200),
    ("divide 8", ["8"], "8", 0, 0, 8),
    ("divide", ["8", "8"], "8", 0, 0, 8),
    ("power 2", ["8x5x5"], "8x5x5", 0, 0, 200),
    ("softmax axis=-1", ["4x5x6"], "4x5x6", 0, 0, 20 * (5 + 6 + 6 + 5 + 6)),
    ("log_softmax axis=1", ["4x5"], "4x5", 0, 0, 4 * (4 + 5 + 5 + 4 + 1 + 5)),
    ("mean 1x2", ["4x5x6"], "4", 0, 0, 4 * 30),  # 29 additions and a division
    ("mean -1 keep", ["4x5x6"], "4x5x1", 0, 0, 20 * 6),
    ("reduce sum 0", ["4x5x6"], "5x6", 0, 0, 30 * 3),
    ("ReduceMax 1", ["4x5x6"], "4x6", 0, 0, 24 * 4),
    ("reduce l1 1", ["4x5"], "4", 0, 0, 4 * (5 + 4)),
    ("reduce l2 1", ["4x5"], "4", 0, 0, 4 * (5 + 4 + 1)),
    ("logsumexp 1 keep", ["4x5"], "4x1", 0, 0, 4 * (4 + 5 + 5 + 4 + 1 + 1)),
    ("argmax 0 keep", ["4x5x6"], "1x5x6", 0, 0, 30 * 3),
    ("topk 3 axis=1", ["4x5"], "4x3", 0, 0, 20 * (3 + 1)),
    ("select 0 axis=1", ["64x50"], "64", 0, 0, 0),
    ("select -1", ["4x5x6"], "5x6", 0, 0, 0),
    ("expand -1x5x6", ["4x1x6"], "4x5x6", 0, 0, 0),
    ("distances 8 2", ["15x4"], "8x2x4", 0, 0, 0),
    ("distances 2 8", ["15"], "2x8", 0, 0, 0),
    ("slice 1: axis=2 step=2", ["4x5x6"], "4x5x3", 0, 0, 0),
    ("slice 0:5 axis=-1 step=3", ["4x8"], "4x2", 0, 0, 0),  # places 0 and 3
    ("matmul", ["3x4x5", "3x5x6"], "3x4x6", 0, 3 * 4 * 6 * 5, 0),
    ("matmul transposed", ["4x5", "6x5"], "4x6", 0, 4 * 6 * 5, 0),
    ("rmsnorm", ["8x5x5"], "8x5x5", 8, 0, 4 * 200),
    ("rmsnorm last noaffine", ["8x5"], "8x5", 0, 0, 3 * 40),
]

KIND_CASES += [
    # -- tensors of a layer's own
    ("parameter 8x1 concat axis=1 first", ["8x5"], "8x6", 8, 0, 0),
    ("parameter 8x1x1 multiply", ["8x5x5"], "8x5x5", 8, 0, 200),
    ("parameter 1x5 add nolearned", ["8x5"], "8x5", 0, 0, 40),
    ("parameter 3x4", ["8x5x5"], "3x4", 12, 0, 0),
    ("parameter 3x4 nobatch", ["8x5x5"], "3x4", 12, 0, 0),
    ("constant 8x5 add", ["8x5"], "8x5", 0, 0, 40),
    ("positional", ["8x5x5"], "8x5x5", 200, 0, 200),
    ("positional sine", ["8x5"], "8x5", 0, 0, 40),
    ("embedding 100 16", ["7"], "16x7", 1600, 0, 0),
    ("embedding 100 16 axis=last", ["1x7"], "7x16", 1600, 0, 0),
    ("embedding 100 16 bias", ["7"], "16x7", 1616, 0, 112),
    ("opaque 100x6 of=DetectionOutput", ["8x5x5", "4x5x5"], "100x6", 0, 0, 0),
]

# what a head of 2 features costs on 5 places: 23 operations a row of its softmax
KIND_CASES += [
    (
        "attention 2", ["4x5"], "4x5",
        12 * 4 + 12 + 16 + 4, 5 * 48 + 2 * 25 * (2 + 2) + 5 * 16, 5 * 12 + 5 * 4 + 5 * 4 + 10 * 23,
    ),
    (
        "attention 2 causal nobias noproject axis=last", ["5x4"], "5x4",
        48, 5 * 48 + 2 * 25 * (2 + 2), 5 * 4 + 10 * (23 + 5),
    ),
    (  # three places of six features are asked
        "attention 2", ["4x5", "6x3"], "4x5",
        16 + 24 + 24 + 12 + 16 + 4, 5 * 16 + 3 * 48 + 2 * 15 * (2 + 2) + 5 * 16, 20 + 24 + 20 + 20 + 10 * 13,
    ),
    (  # keys and values of one head for both that ask
        "attention 2 shared=1", ["4x5"], "4x5",
        8 * 4 + 8 + 16 + 4, 5 * 32 + 2 * 25 * (2 + 2) + 5 * 16, 5 * 8 + 5 * 4 + 5 * 4 + 10 * 23,
    ),
    (
        "attention 2 key=3 value=1 out=6", ["4x5"], "6x5",
        (6 + 6 + 2) * 4 + 14 + 6 * 2 + 6, 5 * 56 + 2 * 25 * (3 + 1) + 5 * 12, 5 * 14 + 5 * 6 + 5 * 6 + 10 * 23,
    ),
    (  # four windows of 2x2
        "attention 2 w2", ["4x4x4"], "4x4x4",
        80, 16 * 48 + 4 * 2 * 16 * (2 + 2) + 16 * 16, 16 * 12 + 16 * 4 + 16 * 4 + 32 * 18,
    ),
    (  # a table of 3x3 distances for each head; both biases and the mask are added to each of four places
        "attention 2 w2 shift=1 relative", ["4x4x4"], "4x4x4",
        80 + 2 * 9, 16 * 48 + 4 * 2 * 16 * (2 + 2) + 16 * 16, 16 * 12 + 16 * 4 + 16 * 4 + 32 * (18 + 2 * 4),
    ),
    (  # a query's two features: two squares, their sum, a root, a bound, two quotients; so are a key's
        "attention 2 cosine nobias noproject", ["4x5"], "4x5",
        48 + 2, 5 * 48 + 2 * 25 * (2 + 2), 2 * 10 * 7 + 2 * 2 + 50 + 10 * 23,
    ),
    (  # three hidden units for each of 3x3 distances; a sigmoid and a product for each of 4x4 pairs and head
        "attention 2 w2 continuous=3 nobias noproject", ["4x4x4"], "4x4x4",
        48 + 3 * 2 + 3 + 2 * 3, 16 * 48 + 4 * 2 * 16 * (2 + 2) + 9 * 3 * (2 + 2), 64 + 32 * (18 + 4) + 54 + 5 * 32,
    ),
]  # fmt: skip

# four gates of 32 units on 16 features, both vectors of biases: 4·32·(16 + 32) + 2·4·32, for 100 steps
KIND_CASES += [
    ("lstm 32", ["16x100"], "32x100", 6400, 100 * 4 * 32 * 48, 100 * 32 * (22 + 8)),
    ("lstm 32 biases=1 final", ["16x100"], "32", 6272, 100 * 4 * 32 * 48, 100 * 32 * (22 + 4)),
    ("lstm 4 bidirectional axis=last", ["5x3"], "5x8", 2 * (16 * 7 + 32), 2 * 5 * 16 * 7, 2 * 5 * 4 * (22 + 8)),
    (  # the second layer takes the states of the first, which are projected to 2 features
        "lstm 4 layers=2 projection=2 nobias", ["3x5"], "2x5",
        16 * 5 + 8 + 16 * 4 + 8, 5 * (16 * 5 + 8 + 16 * 4 + 8), 2 * 5 * 4 * 22,
    ),
    ("gru 4", ["3x5"], "4x5", 12 * 7 + 24, 5 * 12 * 7, 5 * 4 * (16 + 6)),
    ("rnn 4 relu", ["3x5"], "4x5", 4 * 7 + 8, 5 * 4 * 7, 5 * 4 * (2 + 2)),
]  # fmt: skip

KIND_CASES += [
    ("avgpool k3 s1 d2", ["1x7x7"], "1x3x3", 0, 0, 9 * 9),
    ("fractional_maxpool k2 size=5x4", ["3x9x9"], "3x5x4", 0, 0, 3 * 60),
    ("fractional_maxpool 2 3", ["3x6x7x8"], "3x3x3x3", 0, 0, 7 * 81),
    ("unfold k3 p1 s1 d1", ["6x14x14"], "54x196", 0, 0, 0),
    ("fold k2 4x6 s2", ["12x6"], "3x4x6", 0, 0, 72),
    ("maxunpool k2", ["4x4x4", "4x4x4"], "4x8x8", 0, 0, 0),
    ("maxunpool k2 size=9x8", ["4x4x4", "4x4x4"], "4x9x8", 0, 0, 0),
    ("upsample 1.3636363636363635", ["3x88x88"], "3x119x119", 0, 0, 0),  # 88 times it is below 120
    ("upsample 2 cubic", ["3x4x5"], "3x8x10", 0, 0, 240 * 5 * (4 + 3)),  # four rows, then one column, of four each
    ("upsample 0.5x1.5", ["3x9x9"], "3x4x13", 0, 0, 0),
]

# nine operations for each of 4 channels, 9 pixels of a kernel and 16 places; 18 offsets a place; a mask is one more
KIND_CASES += [
    (
        "deform_conv 8 k3 p1", ["4x4x4", "18x4x4"], "8x4x4",
        8 * 36 + 8, 8 * 36 * 16, 8 * 16 + 9 * 36 * 16 + 18 * 16,
    ),
    (
        "deform_conv 8 k3 s2 g2 nobias", ["4x7x7", "36x3x3", "18x3x3"], "8x3x3",
        8 * 18, 8 * 18 * 9, 10 * 36 * 9 + 36 * 9,
    ),
    # once for each filter's weights: scaled, squared, summed; the maps before and behind; a bias
    ("modulated_conv 6 k3 p1", ["4x5x5", "4"], "6x5x5", 6 * 36 + 6, 6 * 36 * 25, 3 * 216 + 2 * 6 + 100 + 150 + 150),
    ("modulated_conv 3 k1 nodemodulate", ["4x5x5", "4"], "3x5x5", 12 + 3, 12 * 25, 100 + 75),
    (
        "modulated_conv 6 k3 up=2 weights nobias", ["4x5x5", "4"], "6x11x11",
        6 * 36, 6 * 36 * 25, 4 * 216 + 2 * 6,
    ),
    ("blur k4 p1", ["3x5x6"], "3x4x5", 0, 16 * 60, 0),
    ("blur k3 s2 p1 reflect each", ["3x5x6"], "3x3x3", 0, 9 * 27, 0),
    ("blur k4 p1 up=2", ["3x5x6"], "3x10x12", 0, 16 * 90, 0),
    ("blur k4x2 same", ["3x5x6"], "3x5x6", 0, 8 * 90, 0),
    ("conv 6 k3 p1 reflect weight", ["4x8x8"], "6x8x8", 6 * 36 + 6 + 6, 6 * 36 * 64, 6 * 64),
    ("conv 6 k3 p1 circular norm=spectral nobias", ["4x8x8"], "6x8x8", 6 * 36, 6 * 36 * 64, 0),
    ("linear 3 spectral", ["5"], "3", 18, 15, 3),
]  # fmt: skip

KIND_CASES += [
    ("einsum ij,jk->ik", ["4x5", "5x6"], "4x6", 0, 4 * 5 * 6, 0),
    ("einsum hid,hjd->hij", ["2x4x3", "2x5x3"], "2x4x5", 0, 2 * 4 * 5 * 3, 0),
    ("einsum c,chw->hw", ["3", "3x4x5"], "4x5", 0, 3 * 4 * 5, 0),
    ("einsum ijz,jk->ki", ["4x5x2", "5x6"], "6x4", 0, 4 * 5 * 6, 4 * 5),  # of each pair one addition before
    ("einsum i,j->ij", ["4", "5"], "4x5", 0, 0, 20),  # nothing is summed: products of elements
    (  # 16 pixels and 5 steps; four gates of 3 channels see 9 pixels of 2 and of 3 channels
        "convlstm 3 k3 same", ["2x5x4x4"], "3x5x4x4",
        12 * 9 * 2 + 12 * 9 * 3 + 12, 80 * 12 * 9 * (2 + 3), 80 * 3 * (22 + 4),
    ),
    (  # a volume of 24 places at each of two steps
        "convlstm 3 k3 same", ["2x2x2x3x4"], "3x2x2x3x4",
        12 * 27 * 2 + 12 * 27 * 3 + 12, 48 * 12 * 27 * (2 + 3), 48 * 3 * (22 + 4),
    ),
    (  # three places are left of seven
        "convlstm 3 k3 s2 nobias final", ["2x5x7"], "3x3",
        12 * 3 * 2 + 12 * 3 * 3, 5 * 3 * 12 * 3 * (2 + 3), 5 * 3 * 3 * 22,
    ),
]  # fmt: skip

KIND_REFUSED = [
    ("einsum ij,jk->ik", ["4x5", "6x3"], "the axes of one letter differ"),
    ("einsum ij,jk->ik", ["4x5x2", "5x3"], "an einsum needs a letter for each axis"),
    ("convlstm 3 k2", ["2x5x4x4"], "the kernel of a convlstm is odd"),
    ("convlstm 3 k3", ["2x5"], "a convlstm takes maps step by step"),
    ("convlstm 3 k5", ["2x5x4x4"], "the kernel does not fit its input"),
    ("convlstm 3 k3 p1:0", ["2x5x4x4"], "a convlstm pads alike on both sides"),
    # notation, input shapes, the rule
    ("local 4 k3", ["8"], "`local` takes a map"),
    ("clip", ["8"], "a clip has a least or a largest value"),
    ("exp low=1", ["8"], "`exp` has no bounds"),
    ("glu", ["7x5"], "a glu halves an even number of channels"),
    ("add 1", ["8", "8"], "`add` takes a number or a second tensor, not both"),
    ("subtract", ["8", "8", "8"], "`subtract` takes 1 to 2 inputs"),
    ("divide", ["8"], "`divide` takes at least 2 inputs, and it gets 1"),
    ("softmax axis=2", ["8x5"], "there is no axis 2 for `softmax`"),
    ("mean 0x1x2", ["4x5x6"], "`reduce` over all axes leaves no tensor"),
    ("mean 1x-1", ["4x5"], "`reduce` names an axis twice"),
    ("argmax 0x1 keep", ["4x5x6"], "an argmax goes over one axis"),
    ("topk 9", ["8"], "there are fewer elements than the k largest"),
    ("select 0", ["8"], "a select takes an axis away"),
    ("select 8", ["8x5"], "a select must lie inside the axis"),
    ("expand 8x5", ["8x4"], "only an axis of length 1 can be repeated"),
    ("expand 8", ["8x4"], "an expand names a length for every axis"),
    ("slice 2:9 axis=1", ["8x5"], "a slice must lie inside its axis"),
    ("matmul", ["4x5", "6x5"], "the inner lengths of a matmul differ"),
    ("matmul", ["3x4x5", "2x5x6"], "the stacks of a matmul differ"),
    ("matmul", ["4", "4"], "a matmul takes matrices"),
]

KIND_REFUSED += [
    ("parameter 8 add", ["8x5"], "`parameter` needs as many axes as what comes in"),
    ("parameter 4x1 add", ["8x5"], "the shapes of `parameter` and of what comes in differ"),
    ("constant 8x1 concat", ["8x5"], "the shapes of `constant` and of what comes in differ"),
    ("embedding 9 4", ["3x7"], "an embedding takes whole numbers"),
    ("embedding 9 4 padding=9", ["7"], "the padding is one of the numbers"),
]

KIND_REFUSED += [
    ("attention 3", ["4x5"], "the heads must divide the features"),
    ("attention 2", ["4"], "an attention takes a sequence"),
    ("attention 4 shared=3", ["4x5"], "the heads of keys and values must divide"),
    ("attention 2 w3", ["4x6x8"], "the windows of an attention must divide the map"),
    ("attention 2 w2 shift=2", ["4x4x4"], "windows are shifted by less than a window"),
    ("attention 2 shift=1", ["4x4x4"], "only windows can be shifted"),
    ("attention 2 causal", ["4x5", "4x5"], "windows, distances and what was before"),
    ("attention 2", ["4x5", "4x5", "4x6"], "there must be as many values as keys"),
]

KIND_REFUSED += [
    ("lstm 4", ["3x5x5"], "a recurrent layer takes a sequence"),
    ("gru 4 biases=3", ["3x5"], "a recurrent layer has one vector of biases or two"),
    ("lstm 4 projection=4", ["3x5"], "an lstm's projection is smaller than its hidden size"),
]

KIND_REFUSED += [
    ("deform_conv 8 k3 p1", ["4x4x4", "17x4x4"], "the offsets are two channels for each pixel of the kernel"),
    ("deform_conv 8 k3 p1", ["4x4x4", "54x4x4"], "the offsets are two channels for each pixel of the kernel"),
    ("deform_conv 8 k3 p1", ["4x4x4", "18x3x4"], "the offsets must be as large as the output"),
    ("deform_conv 8 k3 p1", ["4x4x4", "18x4x4", "18x4x4"], "the mask must be as large as the output"),
    ("deform_conv 8 k3 p1", ["4x4", "18x4"], "a deformable convolution takes maps with height and width"),
    ("deform_conv 8 k3 same", ["4x4x4", "18x4x4"], "a deformable convolution pads alike on both sides"),
    ("modulated_conv 8 k3", ["4", "4x4x4"], "a modulated convolution takes a map (channels and 1 to 3 spatial axes)"),
    ("modulated_conv 8 k3", ["4x4x4", "5"], "styles are a vector of one number for each channel that comes in"),
    ("modulated_conv 8 k3", ["4x4x4", "4x1x1"], "styles are a vector of one number for each channel that comes in"),
    ("modulated_conv 8 k3 up=2 s2", ["4x4x4", "4"], "`modulated_conv` makes a map larger or smaller, not both at once"),
    ("modulated_conv 8 k5", ["4x4x4", "4"], "the kernel does not fit its input"),
    ("blur k4 up=2 s2", ["4x4x4"], "`blur` makes a map larger or smaller, not both at once"),
    ("blur k4 up=2 reflect", ["4x4x4"], "where a blur makes a map larger nothing but zeros is around it"),
    ("blur k4 same up=2", ["4x4x4"], "a blur that makes a map larger says in numbers what is cut off"),
    ("blur k9 p5 reflect", ["4x4x4"], "a `reflect` border is made of the map's own pixels"),
    ("blur k1 up=1 p2", ["4x4x4"], "the padding removes the whole output"),
    ("conv 8 k9 p4 reflect", ["4x4x4"], "a `reflect` border is made of the map's own pixels"),
    ("dwconv k9 p5 circular", ["4x4x4"], "a `circular` border is made of the map's own pixels"),
    ("fractional_maxpool k2 size=4", ["3x9"], "a fractional pool takes a map with two or three axes"),
    ("fractional_maxpool k3 size=8", ["3x9x9"], "a fractional pool needs room for windows one pixel apart"),
    ("unfold k3", ["3x5"], "an unfold takes a map with height and width"),
    ("unfold k7", ["3x5x5"], "the kernel does not fit its input"),
    ("distances 8 3", ["15x4"], "the shorter of two lengths must divide the longer"),
    ("distances 8 2", ["16x4"], "a table has a row for each distance"),
    ("fold k2 4x6 s2", ["12x5"], "a fold needs a column for each window"),
    ("fold k2 4x6 s2", ["10x6"], "a fold needs channels times the pixels of a window"),
    ("maxunpool k2", ["4x4x4", "4x8x8"], "a maxunpool takes a map of the size that its pool gave"),
    ("maxunpool k2 size=10", ["4x4x4", "4x4x4"], "a maxunpool gives a map of less than a stride more"),
    ("upsample 0.1", ["3x9x9"], "an upsample leaves no pixel"),
    ("upsample 2 bicubic", ["3x9"], "`bicubic` is for 2 spatial axes"),
]

KIND_NAMES = {
    "local": "LocallyConnected1D LocallyConnected2D locally_connected",
    "function": "Exp Log Sqrt Abs Erf Sin Clip Clamp Hardtanh Neg Softsign LogSigmoid Reciprocal Threshold CELU",
    "reduce": "mean ReduceMean ReduceSum ReduceMax ReduceL2 ReduceLogSumExp",
    "glu": "GLU",
    "minimum": "Minimum Min",
    "subtract": "Subtract Sub",
    "divide": "Div Divide",
    "power": "Pow Power",
    "matmul": "MatMul bmm",
    "rmsnorm": "RMSNorm RMSNormalization",
    "select": "Gather index",
    "expand": "Expand Tile",
    "argmax": "ArgMax",
    "topk": "TopK",
    "parameter": "Parameter",
    "constant": "Constant",
    "embedding": "Embedding Embed",
    "opaque": "DetectionOutput",
    "unfold": "Unfold im2col",
    "fold": "Fold col2im",
    "maxunpool": "MaxUnpool2d",
    "fractional_maxpool": "FractionalMaxPool2d FractionalMaxPool3d",
    "modulated_conv": "ModulatedConv2d StyledConv",
    "blur": "BlurPool BlurPool2d upfirdn2d",
    "deform_conv": "DeformConv2d DCNv2 ModulatedDeformConv2d",
    "conv": "LazyConv2d",
    "lstm": "LSTM CuDNNLSTM",
    "convlstm": "ConvLSTM1D ConvLSTM2D conv_lstm",
    "einsum": "Einsum",
    "gru": "GRU",
    "rnn": "RNN SimpleRNN",
    "attention": "MultiheadAttention MultiHeadAttention",
}
