"""Layers that make features: classes of numbers, and spectra of signals."""

from __future__ import annotations

from cnncalc.interchange.keras.call import Call, Rule
from cnncalc.layers import Shape

__all__ = ["FEATURES"]


def _known(call: Call, shape: Shape) -> int:
    """What comes out in a shape of Keras's, of which nothing is counted."""
    return call.put("opaque", shape=call.work.shape_in(shape), of=call.entry.kind)


def _classes(call: Call) -> int:
    """How many classes there are."""
    for key, more in (("num_tokens", 0), ("num_bins", 0), ("bin_boundaries", 1), ("vocabulary", 1)):
        value = call.config.get(key)
        if type(value) is int and value > 0:
            return value
        if isinstance(value, list):
            outside = call.config.get("num_oov_indices", 1) if key == "vocabulary" else more
            return len(value) + (outside if type(outside) is int else more)
    size = call.config.get("vocabulary_size")
    if type(size) is int and size > 0:
        return size
    raise call.fault("the file does not say how many classes it has")


def categories(call: Call) -> int:
    """The class of each number, or a row of all classes for each number, or for all numbers of a row."""
    shape = call.work.shape_out(call.x[0])
    mode = call.word("output_mode", "multi_hot" if call.entry.kind == "CategoryEncoding" else "int")
    if mode == "int":
        return _known(call, shape)
    if mode not in ("one_hot", "multi_hot", "count", "tf_idf"):
        raise call.fault("its output is int, one_hot, multi_hot, count or tf_idf", f"it is `{mode[:20]}`")
    spread = mode == "one_hot" and shape[-1] != 1
    return _known(call, (*(shape if spread else shape[:-1]), _classes(call)))


def spectrogram(call: Call) -> int:
    """STFTSpectrogram: waves that each channel is multiplied with at every step, kept as weights that nobody learns."""
    if call.rank != 2:
        raise call.fault("it takes signals", f"the input has {call.rank} axes")
    frame, step, length = call.whole("frame_length", 256), call.config.get("frame_step"), call.config.get("fft_length")
    channels, samples = call.x[0]
    rows = call.put("permute", suffix="rows", order=(1, 0)) if channels > 1 else call.tensors[0]
    signals = call.put("reshape", rows, suffix="signals", shape=(1, samples, channels))
    mode = call.word("mode", "log")
    waves = [
        call.put(
            "conv",
            signals,
            suffix=name,
            out=(length if type(length) is int else frame) // 2 + 1,
            kernel=(frame, 1),
            stride=(step if type(step) is int and step > 0 else max(1, frame // 2), 1),
            padding=call.word("padding", "valid"),
            bias=False,
        )
        for name in (mode,) * (mode in WAVES) or WAVES
    ]
    made = _spectrum(call, mode, waves)
    if call.flag("expand_dims"):
        return call.put("permute", made, order=(2, 1, 0))
    bins, steps, _ = call.shape(made)
    turned = call.put("permute", made, suffix="turned", order=(2, 0, 1)) if channels > 1 else made
    return call.put("reshape", turned, shape=(channels * bins, steps))


WAVES = ("real", "imag")


def _spectrum(call: Call, mode: str, waves: list[int]) -> int:
    """What is made of products with cosines and with sines."""
    if len(waves) == 1:
        return waves[0]
    if mode == "stft":
        return call.put("concat", *waves, suffix="both")
    if mode == "angle":
        return call.put("opaque", *waves, suffix="angle", shape=call.shape(waves[0]), of="arctan2")
    squares = [call.put("function", one, suffix=f"square{at}", of="square") for at, one in enumerate(waves)]
    made = call.put("add", *squares, suffix="power")
    for name in ("sqrt", "log")[: {"psd": 0, "magnitude": 1}.get(mode, 2)]:
        made = call.put("function", made, suffix=name, of=name)
    return made


def mel(call: Call) -> int:
    """MelSpectrogram: mels x steps of a signal, by matrices that are computed and are no weights."""
    samples, step = call.x[0][0], call.whole("sequence_stride", 512)
    if call.rank != 1:
        raise call.fault("it takes a signal", f"the input has {call.rank} axes")
    return _known(call, (call.whole("num_mel_bins", 128), (samples + step + 1) // step))


FEATURES: dict[str, Rule] = {
    "MelSpectrogram": mel,
    "STFTSpectrogram": spectrogram,
    **dict.fromkeys(
        ("CategoryEncoding", "Discretization", "Hashing", "HashedCrossing", "IntegerLookup", "StringLookup"), categories
    ),
}
"""By Keras's class."""
