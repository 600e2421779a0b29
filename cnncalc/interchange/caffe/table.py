"""Caffe's layers, those of its forks among them, and what each is here. The one table of this format.

Names are types in small letters without underscores, as `CaffeLayer.kind` has them. Shapes and fields were read in
BVLC/caffe (9b891540) and weiliu89/caffe's branch ssd (4817bf8).
"""

from __future__ import annotations

from cnncalc.interchange.caffe import detection, elements, shapes, windows
from cnncalc.interchange.caffe.elements import Rule, same

__all__ = ["RULES"]

RULES: dict[str, Rule] = {
    "argmax": shapes.largest,
    "absval": same("function", of="abs"),
    "axpy": elements.axpy,
    "batchnorm": elements.batch_norm,
    "bias": elements.bias,
    "bn": elements.learned_norm,
    "bnll": same("softplus"),
    "clip": elements.clip,
    "concat": shapes.concat,
    "convolution": windows.convolution,
    "convolutiondepthwise": windows.depthwise,
    "crop": shapes.crop,
    "cudnnbatchnorm": elements.batch_norm,
    "deconvolution": windows.deconvolution,
    "depthwiseconvolution": windows.depthwise,
    "detectionoutput": detection.detections,
    "dropout": elements.dropout,
    "eltwise": elements.eltwise,
    "elu": elements.elu,
    "embed": shapes.embed,
    "exp": same("function", of="exp"),
    "flatten": shapes.flatten,
    "hardswish": same("hardswish"),
    "hsigmoid": same("hardsigmoid"),
    "hswish": same("hardswish"),
    "innerproduct": shapes.inner_product,
    "interp": detection.interpolation,
    "log": same("function", of="log"),
    "lrn": elements.lrn,
    "mish": same("mish"),
    "mvn": same("instancenorm"),
    "normalize": elements.length_norm,
    "permute": shapes.permute,
    "pooling": windows.pooling,
    "power": elements.power,
    "prelu": elements.prelu,
    "priorbox": detection.prior_boxes,
    "proposal": detection.proposals,
    "psroipooling": detection.region_pooling,
    "reduction": shapes.reduction,
    "relu": elements.relu,
    "relu6": same("relu6"),
    "reorg": shapes.reorg,
    "reshape": shapes.reshape,
    "roialign": detection.region_pooling,
    "roipooling": detection.region_pooling,
    "scale": elements.scale,
    "selu": same("selu"),
    "seludropout": elements.selu_dropout,
    "shufflechannel": elements.shuffle,
    "sigmoid": same("sigmoid"),
    "slice": shapes.slices,
    "softmax": shapes.softmax,
    "softmaxwithloss": same("softmax"),
    "split": elements.copies,
    "spp": windows.pyramid,
    "swish": same("silu"),
    "syncbn": elements.learned_norm,
    "tanh": same("tanh"),
    "threshold": elements.threshold,
    "tile": shapes.tile,
    "upsample": windows.upsampling,
}
