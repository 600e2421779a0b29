"""What each kind is called, so that a name is known before its class is imported: a test holds it to the classes."""

from __future__ import annotations

__all__ = ["FAMILIES"]

FAMILIES: dict[str, dict[str, str]] = {
    "activation": {
        "relu": "rectifier",
        "relu6": "",
        "leaky_relu": "lrelu",
        "rrelu": "",
        "prelu": "",
        "elu": "",
        "selu": "",
        "gelu": "",
        "silu": "swish",
        "mish": "",
        "sigmoid": "logistic",
        "tanh": "",
        "hardswish": "hswish",
        "hardsigmoid": "hsigmoid",
        "softplus": "",
        "softmax": "softmax2d",
        "log_softmax": "",
        "maxout": "",
    },
    "conv": {
        "conv": "convolution convolutional crosscorrelation",
        "dwconv": "depthwiseconv depthwise depthwiseconvolution",
        "deconv": "transposedconv convtranspose deconvolution upconv conv1dtranspose conv2dtranspose "
        "conv3dtranspose convolution1dtranspose convolution2dtranspose convolution3dtranspose",
    },
    "crossmap": {
        "crossmap_lrn": "",
    },
    "deformable": {
        "deform_conv": "deformableconv dcn dcnv2 modulateddeformconv",
    },
    "fractional": {
        "fractional_maxpool": "",
    },
    "linear": {
        "linear": "dense fc fullyconnected innerproduct affine gemm",
        "bilinear": "bilinearlayer",
    },
    "local": {
        "local": "locallyconnected localconvolution",
    },
    "merge": {
        "add": "sum eltwiseadd plus",
        "multiply": "mul eltwiseprod scale",
        "maximum": "eltwisemax max",
        "concat": "concatenate cat depthconcat",
    },
    "modulated": {
        "modulated_conv": "styledconv styleconv",
        "blur": "blurpool lowpass upfirdn fir",
    },
    "norm": {
        "batchnorm": "bn batchnormalization syncbatchnorm",
        "layernorm": "ln layernormalization",
        "groupnorm": "gn groupnormalization",
        "instancenorm": "instancenormalization",
        "lrn": "localresponsenorm localresponsenormalization",
        "grn": "globalresponsenorm",
        "layerscale": "",
    },
    "pool": {
        "maxpool": "maxpooling",
        "avgpool": "averagepooling averagepool avgpooling",
        "lppool": "lppooling",
        "adaptive_maxpool": "adaptivemaxpooling",
        "adaptive_avgpool": "adaptiveaveragepooling",
        "global_maxpool": "globalmaxpooling globalmaxpool2d",
        "global_avgpool": "globalaveragepooling globalaveragepool gap",
    },
    "pyramid": {
        "spp": "spatialpyramidpooling spatialpyramid",
    },
    "regularize": {
        "dropout": "spatialdropout dropout1d dropout2d dropout3d alphadropout featurealphadropout",
        "droppath": "stochasticdepth",
        "identity": "linearactivation noop",
    },
    "reshape": {
        "flatten": "",
        "reshape": "view unflatten",
        "permute": "transpose",
    },
    "resize": {
        "pad": "zeropad zeropadding constantpad reflectionpad replicationpad circularpad",
        "crop": "cropping centercrop",
        "slice": "narrow split",
        "upsample": "upsampling upsamplingnearest interp interpolate resize upsamplingbilinear2d",
    },
    "shuffle": {
        "pixel_shuffle": "depthtospace",
        "pixel_unshuffle": "",
        "space_to_depth": "reorg focus",
        "channel_shuffle": "",
    },
    "tensors": {
        "parameter": "learned learnedtensor",
        "constant": "constantofshape memorydata dummydata",
        "positional": "positionembedding positionalencoding",
        "embedding": "embed",
        "opaque": "python detectionoutput nonmaxsuppression",
    },
    "unfolding": {
        "unfold": "im2col extractimagepatches extractpatches",
        "fold": "col2im",
        "maxunpool": "unpool",
    },
    "algebra.arithmetic": {
        "minimum": "min eltwisemin",
        "subtract": "sub minus",
        "divide": "div truedivide",
        "power": "pow",
    },
    "algebra.contractions": {
        "einsum": "",
    },
    "algebra.distances": {
        "distances": "",
    },
    "algebra.functions": {
        "function": "abs acos acosh asin asinh atan atanh ceil celu clip cos cosh erf exp expm1 floor hardshrink log "
        "log10 log1p log2 logsigmoid negate reciprocal round rsqrt sign sin sinh softshrink softsign "
        "sqrt square tan tanhshrink threshold clamp hardtanh neg absval thresholdedrelu",
        "glu": "gatedlinearunit",
    },
    "algebra.products": {
        "matmul": "bmm batchmatmul",
        "rmsnorm": "rmsnormalization simplifiedlayernormalization",
    },
    "algebra.reductions": {
        "reduce": "mean reducemean reducesum reducemax reducemin reducel1 reducel2 logsumexp reducelogsumexp",
        "argmax": "argmin",
        "topk": "",
        "select": "index gather take",
        "expand": "broadcastto tile",
    },
    "sequences.attention": {
        "attention": "multiheadattention mhsa mha selfattention groupqueryattention",
    },
    "sequences.convolved": {
        "convlstm": "convlstmcell",
    },
    "sequences.recurrent": {
        "lstm": "cudnnlstm",
        "gru": "cudnngru",
        "rnn": "simplernn elmanrnn",
    },
}
"""Module of `cnncalc.layers.kinds` -> each kind that it declares -> its other names, small and without `_` and `-`."""
