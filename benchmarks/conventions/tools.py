"""One function a tool: the number that it gives for a torch module. Each runs the tool as its own README says."""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from importlib.metadata import PackageNotFoundError, version

import torch


def count_torch(model, inputs):
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(*inputs)
    return counter.get_total_flops()


def count_fvcore(model, inputs):
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(model, inputs)
    return analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total()


def count_thop(model, inputs):
    from thop import profile

    return int(profile(model, inputs=inputs, verbose=False)[0])


class Named(torch.nn.Module):
    """ptflops gives several inputs by name only."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, *inputs, **named):
        return self.model(*inputs, *named.values())


def _ptflops(model, inputs, backend):
    from ptflops import get_model_complexity_info

    given = {f"input{place}": one for place, one in enumerate(inputs)}
    return get_model_complexity_info(
        Named(model), tuple(inputs[0].shape[1:]), as_strings=False, print_per_layer_stat=False, backend=backend,
        input_constructor=lambda _: given,
    )[0]  # fmt: skip


def count_ptflops(model, inputs):
    return _ptflops(model, inputs, "pytorch")


def count_ptflops_aten(model, inputs):
    return _ptflops(model, inputs, "aten")


def count_torchinfo(model, inputs):
    import torchinfo

    return torchinfo.summary(model, input_data=list(inputs), verbose=0).total_mult_adds


def count_calflops(model, inputs):
    from calflops.calculate_pipline import CalFlopsPipline

    pipeline = CalFlopsPipline(model=model, include_backPropagation=False, compute_bp_factor=2.0)
    pipeline.start_flops_calculate(ignore_list=None)
    try:
        model(*inputs)
        return pipeline.get_total_flops()
    finally:  # it replaces torch's functions, and does not put them back where a net fails
        pipeline.end_flops_calculate()


def count_torchscan(model, inputs):
    from torchscan import crawl_module

    return crawl_module(model, args=tuple(inputs))["totals"]["module_flops"]["known_value"]


def count_torchprofile(model, inputs):
    from torchprofile import profile_macs

    return profile_macs(model, tuple(inputs))


def count_deepspeed(model, inputs):
    from deepspeed.profiling.flops_profiler import FlopsProfiler

    profiler = FlopsProfiler(model)
    profiler.start_profile()
    try:
        model(*inputs)
        return profiler.get_total_flops()
    finally:  # it replaces torch's functions, and does not put them back where a net fails
        profiler.end_profile()


COUNTERS = {
    "torch": (count_torch, "torch", "FLOPs"),
    "fvcore": (count_fvcore, "fvcore", "MACs"),
    "thop": (count_thop, "thop", "MACs"),
    "ptflops": (count_ptflops, "ptflops", "MACs"),
    "ptflops-aten": (count_ptflops_aten, "ptflops", "MACs"),
    "torchinfo": (count_torchinfo, "torchinfo", "MACs"),
    "calflops": (count_calflops, "calflops", "FLOPs"),
    "torchscan": (count_torchscan, "torchscan", "FLOPs"),
    "torchprofile": (count_torchprofile, "torchprofile", "MACs"),
    "deepspeed": (count_deepspeed, "deepspeed", "FLOPs"),
    "ultralytics-thop": (count_thop, "ultralytics-thop", "MACs"),
}


def installed(counters=None):
    """The conventions whose tools are here. thop and its fork are one package by name, of which one can be."""
    found = []
    for convention, (_, package, _) in (counters or COUNTERS).items():
        with contextlib.suppress(PackageNotFoundError):
            version(package)
            found.append(convention)
    return found


def counted(convention, model, inputs):
    """What the tool says of the module, with what it prints left out."""
    run, package, unit = COUNTERS[convention]
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        number = run(copy.deepcopy(model).eval(), inputs)
    return int(number), f"{package} {version(package)}", unit
