"""Names of torch.nn, keras.layers, Caffe and ONNX that are no kind: what does their job, or why nothing does.

Read only once a name is known to be none, so that nobody else pays for it.
"""

from __future__ import annotations

import re

__all__ = ["field_way_from", "way_from"]

_LOSS = "a loss is no layer of the net: leave it out, costs end where it compares"
_CONTAINER = "it holds layers and is none: write a list of them, `{name: stage, layers: [...]}`"
_DATA = "what a net is fed with is no layer of it: write its shape, `input: 3x224x224`"
_DEPENDS = (
    "not a layer of a fixed shape: how much comes out depends on the numbers; `opaque SHAPE of={0}` stands for it"
)
_NUMBERS = "it makes numbers of no tensor, or whole ones for others to count with: `constant SHAPE`, or an expression"
_TRUTH = "what is true or false has no gradient and no cost here: `opaque SHAPE of={0}` stands for it"
_UNCOUNTED = "there is no rule for what it costs: `opaque SHAPE of={0}` stands for it, with the shape that comes out"
_STEP = "one step of a recurrence; a whole one is written `{0}`"
_AUGMENTS = "it changes images before the net sees them: leave it out, or do it where the data are read"
_TEXT = "it makes numbers of words before the net sees them: begin with its numbers, as `input: 128`, and `embedding`"
_QUANTISED = "the same net before quantisation costs the same: write `{0}`"
_SEQUENCE = "not a layer of a fixed shape: lists of tensors are no tensors"
_CONTROL = "not a layer of a fixed shape: write the branch or the steps that run, with `when:` and `repeat:`"
_TRANSFORMER = (
    "made of kinds: `add: [[layernorm, attention 8], []]`, then `add: [[layernorm, linear 4·width axis=…, gelu, linear "
    "width axis=…], []]`, as `cnncalc show vit_b_16` has it"
)
_PARALLEL = "it only says where a net runs: write the net itself"

_WAYS: tuple[tuple[str, str], ...] = (
    (
        (
            "BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss "
            "GaussianNLLLoss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss "
            "MarginRankingLoss MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss "
            "PoissonNLLLoss SmoothL1Loss SoftMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss "
            "ContrastiveLoss EuclideanLoss HingeLoss InfogainLoss MultinomialLogisticLoss SigmoidCrossEntropyLoss "
            "SoftmaxWithLoss Accuracy NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss"
        ),
        _LOSS,
    ),
    ("LinearCrossEntropyLoss", "`linear CLASSES nobias`; the loss itself is no layer of the net"),
    (
        "AdaptiveLogSoftmaxWithLoss",
        (
            "a `linear` to the frequent classes and one number for each cluster, and two for each cluster of its own; "
            "the loss itself is no layer of the net"
        ),
    ),
    (
        "Container Module ModuleDict ModuleList Sequential ParameterDict ParameterList Layer Wrapper Pipeline",
        _CONTAINER,
    ),
    ("DataParallel DistributedDataParallel", _PARALLEL),
    ("TransformerEncoderLayer", "`TransformerEncoderLayer HEADS hidden=2048` is a block of the library"),
    ("TransformerEncoder", "`repeat` the block `TransformerEncoderLayer HEADS hidden=2048` of the library"),
    ("RepeatVector", "`RepeatVector STEPS` is a block of the library: `reshape -1x1`, then `expand -1xSTEPS`"),
    ("Transformer TransformerDecoder TransformerDecoderLayer", _TRANSFORMER),
    ("CosineSimilarity", "`multiply` both and `reduce sum` of the features, each divided by its `reduce l2`"),
    ("PairwiseDistance", "`subtract` one from the other, then `reduce l2` of the features"),
    ("EmbeddingBag", "`embedding`, then `mean -1` over its places"),
    ("Softmin", "`negate`, then `softmax`"),
    ("GRUCell", _STEP.format("gru HIDDEN")),
    ("LSTMCell", _STEP.format("lstm HIDDEN")),
    ("RNNCell RNNCellBase SimpleRNNCell", _STEP.format("rnn HIDDEN")),
    ("StackedRNNCells", _STEP.format("lstm HIDDEN layers=N")),
    ("RNNBase Recurrent", "write which: `lstm HIDDEN`, `gru HIDDEN` or `rnn HIDDEN`"),
    ("Activation", "write the function itself: `relu`, `silu`, `softmax`, …"),
    ("ActivityRegularization", "it adds to the loss and changes no tensor: leave it out"),
    ("AdditiveAttention", "`attention` scores by products; by sums write `linear`, `add`, `tanh` and `linear 1`"),
    ("Average", "`add` them, then `multiply` by one divided by how many they are"),
    ("Bidirectional", "write it on the recurrent layer: `lstm HIDDEN bidirectional`"),
    (
        "TimeDistributed",
        (
            "a dense layer, a norm or an activation does the same at each step as it is; of a convolution over steps "
            "x height x width write the kernel as `k1x3x3`; else take one step as `input`, the steps as `--batch`"
        ),
    ),
    ("Dot", "`matmul`, with `transposed` where the last axes meet"),
    ("EinsumDense", "`linear OUT axis=last`, with `permute` and `reshape` around it"),
    ("GaussianNoise", "it does nothing at inference: `identity`"),
    ("GaussianDropout", "`dropout RATE`: it does nothing at inference, and in training multiplies each element"),
    ("Masking", "lengths are those of the longest sequence: leave it out"),
    ("InputLayer", _DATA),
    ("InputSpec", _DATA),
    ("Lambda", "write what it computes; `cnncalc kinds` lists functions, arithmetic and reductions"),
    ("Normalization Rescaling", "`multiply NUMBER`, then `add NUMBER`, or leave it to the data"),
    ("Resizing", "`upsample size=HxW`, with `linear` for bilinear"),
    ("UnitNormalization", "the features divided by their `reduce l2 0 keep`: `{divide: , from: [x, norm]}`"),
    ("ReversibleEmbedding", "`embedding VOCABULARY FEATURES`; on its way back `linear VOCABULARY nobias`"),
    ("SpectralNormalization", "write it on the layer: `conv 64 k3 norm=spectral`"),
    ("MaxNumBoundingBoxes", _AUGMENTS),
    (
        (
            "AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MixUp "
            "RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop "
            "RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue "
            "RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness "
            "RandomShear RandomTranslation RandomZoom Solarization"
        ),
        _AUGMENTS,
    ),
    (
        (
            "CategoryEncoding Discretization HashedCrossing Hashing IntegerLookup StringLookup TextVectorization "
            "StringConcat StringNormalizer StringSplit RegexFullMatch TfIdfVectorizer"
        ),
        _TEXT,
    ),
    (
        "MelSpectrogram STFTSpectrogram STFT DFT MelWeightMatrix ImageDecoder",
        "signals are prepared before the net: begin with what comes out, as `input: 1x80x3000`",
    ),
    (
        "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper",
        "a net of another framework: `cnncalc import` reads many, and `opaque SHAPE of={0}` stands for any",
    ),
    (
        "SeparableConv SeparableConvolution",
        "`SeparableConv2D OUT kernel=3` is a block of the library: a depthwise and a 1x1 convolution",
    ),
    ("Data HDF5Data ImageData WindowData Input", _DATA),
    ("HDF5Output Silence", "it ends nothing that costs: leave it out"),
    ("BatchReindex", _DEPENDS.format("BatchReindex")),
    ("Bias", "`parameter SHAPE add`, or the `bias` of the layer before"),
    ("BNLL", "`softplus`"),
    ("Eltwise", "write which: `add`, `multiply` or `maximum`"),
    ("Filter", _DEPENDS.format("Filter")),
    ("LSTMUnit", _STEP.format("lstm HIDDEN")),
    ("MVN", "`instancenorm`, or over all channels `layernorm all noaffine`"),
    ("Reduction", "`reduce sum AXES` or `mean AXES`"),
    (
        (
            "And BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BitShift Equal Greater GreaterOrEqual IsInf IsNaN "
            "Less LessOrEqual Not Or Xor"
        ),
        _TRUTH,
    ),
    (
        (
            "Bernoulli BlackmanWindow EyeLike HammingWindow HannWindow Multinomial OneHot RandomNormal "
            "RandomNormalLike RandomUniform RandomUniformLike Range Shape Size"
        ),
        _NUMBERS,
    ),
    ("Compress NonZero Unique", _DEPENDS),
    (
        (
            "ConcatFromSequence SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert "
            "SequenceLength SequenceMap SplitToSequence Optional OptionalGetElement OptionalHasElement"
        ),
        _SEQUENCE,
    ),
    ("If Loop Scan", _CONTROL),
    (
        (
            "ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer "
            "LabelEncoder LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler "
            "TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor ZipMap"
        ),
        "what works on tables is no layer of a net (ai.onnx.ml): `opaque SHAPE of={0}` stands for it",
    ),
    ("Adagrad Adam Momentum Gradient", "training is an option: `--optimizer adam`"),
    ("FlexAttention", "`matmul transposed`, what its functions do to the scores, `softmax axis=-1`, `matmul`"),
    ("BitCast Cast CastLike", "types are an option, `--dtype`: leave it out"),
    ("DequantizeLinear DynamicQuantizeLinear QuantizeLinear", _QUANTISED.format("identity")),
    ("ConvInteger QLinearConv", _QUANTISED.format("conv OUT kN")),
    ("MatMulInteger QLinearMatMul", _QUANTISED.format("matmul")),
    (
        (
            "AffineGrid CumProd CumSum Det GatherElements GatherND GridSample Hardmax LinearAttention Mod "
            "ReverseSequence Scatter ScatterElements ScatterND TensorScatter Trilu Where"
        ),
        _UNCOUNTED,
    ),
    (
        "MaxRoiPool RoiAlign ROIPooling",
        "`opaque CHANNELSx7x7 of={0}` stands for one box; a head on it is counted for one proposal",
    ),
    ("CausalConvWithState", "`conv OUT kN causal`; what it carries over from step to step is not counted"),
    ("CenterCropPad", "`crop size=HxW`, or `pad`"),
    ("GlobalLpPool", "`reduce l2 1x2 keep`"),
    ("LpNormalization", "the features divided by their `reduce l2 0 keep`: `{divide: , from: [x, norm]}`"),
    ("MeanVarianceNormalization", "`batchnorm noaffine nostats`, as its axes are those unless told"),
    ("ReduceLogSum", "`reduce sum AXES`, then `log`"),
    ("ReduceProd", "`log`, `reduce sum AXES`, `exp`"),
    ("ReduceSumSquare", "`square`, then `reduce sum AXES`"),
    ("RotaryEmbedding", "`multiply` by a `constant` of cosines, and of sines, and `add` the two"),
    ("Shrink", "write which: `softshrink` or `hardshrink`"),
    ("Squeeze Unsqueeze", "`reshape SHAPE`, with the shape that comes out"),
    ("SwiGLU", "two branches: `multiply: [[linear HIDDEN, silu], linear HIDDEN]`; of halves, `glu` has a sigmoid"),
)
"""Names as their frameworks spell them, without a `2d` at the end, and the way out for these."""

_FIELDS: tuple[tuple[str, str], ...] = (
    (
        "in_channels in_features input_size num_features embed_dim input_channels c_i input_dim",
        "it is never written: what comes in says it; `in=64` holds it to that",
    ),
    ("name", "a name stands beside the layer, as in `{conv: 64 k3, name: stem}`"),
    ("activation", "write it as a layer behind this one: `relu`, `silu`, `softmax`, …"),
    ("operation", "write which: `add`, `multiply`, `maximum`, or `reduce sum AXES`"),
    ("pool", "write which: `maxpool` or `avgpool`"),
    ("shift", "`add NUMBER` does it, a layer of its own"),
    ("offset", "`crop 2:1` says what is cut off before and after"),
    ("max_value", "write which: `relu6`, or `clip 0 MAX`"),
    ("negative_slope", "`leaky_relu SLOPE` has one"),
    ("start_dim end_dim", "`flatten` makes one vector of all; `reshape $(channels)x-1` leaves the channels"),
    ("output_ratio", "`size=` is the length times the ratio, rounded down: of 32 and 0.5 `size=16`"),
    ("output_shape", "`output_padding=` adds what is missing at the end, below the stride"),
    ("divisor_override ceil_value value", "which numbers stand there changes no count: leave it out"),
    (
        "data_format channels_last channels_first batch_first time_major",
        "shapes are channels first, without the batch",
    ),
    ("input_shape batch_input_shape batch_shape", "write it once, above the layers: `input: 3x224x224`"),
    (
        (
            "kernel_initializer bias_initializer depthwise_initializer pointwise_initializer gamma_initializer "
            "beta_initializer alpha_initializer recurrent_initializer weight_filler bias_filler weight_attr bias_attr "
            "kernel_regularizer bias_regularizer activity_regularizer kernel_constraint bias_constraint"
        ),
        "what values weights have changes no count: leave it out",
    ),
    ("return_state stateful go_backwards unroll device name_scope autocast", "it changes no count: leave it out"),
    ("trainable", "freeze it from outside: `--freeze NAME`"),
)
"""Arguments of other frameworks' layers, and the way out for these."""

_DIMENSION = re.compile(r"[123][dD]\Z")


def _plain(name: str) -> str:
    return _DIMENSION.sub("", name).replace("_", "").replace("-", "").lower()


_BY_PLAIN = {_plain(name): way for names, way in _WAYS for name in names.split()}


def way_from(name: str) -> str:
    """What does the job of a layer that other frameworks have, or why nothing does; empty for a name of none."""
    return _BY_PLAIN.get(_plain(name), "").replace("{0}", name)


_BY_FIELD = {name: way for names, way in _FIELDS for name in names.split()}


def field_way_from(name: str) -> str:
    """How an argument that other frameworks' layers take is said here; empty for one of none."""
    if "none" in name.lower().split("x"):
        return "`$(height)` and `$(width)` keep a length: `adaptive_avgpool $(height)x7`"
    return _BY_FIELD.get(name.lower(), "")
