"""`verify`: every number of the bundled nets against torch, what it prints, and what it says where it cannot."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap

import pytest

torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from click.testing import CliRunner  # noqa: E402

from cnncalc.analysis.memory.totals import kept_for_backward  # noqa: E402
from cnncalc.cli.main import cnncalc as program  # noqa: E402
from cnncalc.language import load  # noqa: E402
from cnncalc.language.options import Options  # noqa: E402
from cnncalc.layers.kinds.norm import BatchNorm  # noqa: E402
from cnncalc.torch_backend import verify as module  # noqa: E402
from cnncalc.torch_backend.running import planning  # noqa: E402
from cnncalc.torch_backend.verify import verify  # noqa: E402

MEBIBYTE = 1 << 20


def run(*arguments, stdin=None):
    return CliRunner().invoke(program, ["verify", *map(str, arguments)], input=stdin)


def figures(verification):
    """The totals as {what: measured}, after none was found to differ."""
    assert [row.failed for row in verification.rows if row.failed] == []
    assert [figure for figure in verification.totals if not figure.passed] == []
    return {figure.what: figure.measured for figure in verification.totals}


# -- the bundled nets --


# One or two of each family, the quick ones; `cnncalc verify --all` takes the whole library (benchmarks/README.md).
NETS = (
    "alexnet_paper", "c3d", "dcgan_generator", "dcgan_discriminator", "edsr_baseline", "fsrcnn", "lenet5_original",
    "m3", "mc3_18", "mnasnet0_5", "nin", "overfeat_fast", "pix2pix_generator", "preresnet18", "r2plus1d_18",
    "resnet20_cifar", "segnet", "ssd300", "squeezenet1_1", "tcn", "unet_3d", "unetpp", "vdsr", "vgg11_bn",
    "vgg11_lrn", "vgg16_c", "vnet", "convnext_v2_atto", "efficientnet_b0", "fcn_resnet50", "googlenet",
    "mobilenet_v1", "resnext50_32x4d", "wavenet", "zfnet", "retinanet_resnet50_fpn", "shufflenet_g4", "yolov5n",
)  # fmt: skip


@pytest.mark.parametrize("net", NETS)
def test_a_bundled_net_agrees_with_torch(net):
    verification = verify(load(net, Options(train=True)), device="meta")
    figures(verification)
    assert verification.held > 20


def test_vgg16_in_numbers():
    found = figures(verify(load("vgg16", Options()), device="meta"))
    assert found["params"] == 138_357_544


# torch 2.14.1, batch 1, the image of 602,112 bytes among them
PUBLISHED = {"vgg16": 73_355_264, "resnet50": 86_121_984, "mobilenet_v2": 78_345_984}


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize(
    "net", ["alexnet", "vgg16", "resnet18", "resnet50", "mobilenet_v2", "densenet121", "googlenet", "squeezenet1_0"]
)
def test_saved_bytes_are_autograds_to_the_byte(net, batch):
    graph = load(net, Options(train=True))
    found = figures(verify(graph, device="meta", batch=batch))
    assert found["saved bytes"] == sum(kept.size for kept in kept_for_backward(graph, batch, 4))
    if batch == 1 and net in PUBLISHED:
        assert found["saved bytes"] == PUBLISHED[net]


def test_on_cpu_numbers_are_looked_at_too():
    verification = verify(load("lenet5_original", Options()), device="cpu", batch=2)
    assert figures(verification)["finite"] is True
    assert {figure.what for figure in verification.rows[0].figures} == {
        "output shape", "parameters", "buffers", "macs", "trained", "finite", "saved bytes",
    }  # fmt: skip


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device on this machine")
def test_on_cuda():
    verification = verify(load("lenet5", Options()), device="cuda")
    assert figures(verification)["finite"] is True


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_other_types(dtype):
    size = {"float64": 8, "bfloat16": 2}[dtype]
    assert figures(verify(load("lenet5", Options()), dtype=dtype))["saved bytes"] == 35_472 // 4 * size


def written(text):
    from held import graph_of

    return graph_of(text)


# -- what it prints --


def test_it_prints_predicted_beside_measured():
    result = run("lenet5")
    assert result.exit_code == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["✓", "params", "61,706", "61,706"] in lines
    assert ["✓", "saved", "bytes", "35,472", "35,472"] in lines
    assert ["✓", "12", "layers,", "77", "figures:", "none", "differs"] in lines
    assert not any("conv1" in line for line in lines)


def test_rows_shows_every_layer():
    result = run("lenet5", "--rows")
    (line,) = [line for line in result.stdout.splitlines() if " conv1 " in line]
    assert "1x6x28x28 = 1x6x28x28" in line
    assert "117,600 = 117,600" in line


def test_a_difference_is_told_in_full_and_fails(monkeypatch):
    monkeypatch.setattr(BatchNorm, "buffer_shapes", lambda self, *x: {})
    result = run("resnet18", "--device", "meta")
    assert result.exit_code == 1
    assert "✗ bn1 (batchnorm)" in " ".join(result.stdout.split())
    assert "running_mean 64, running_var 64" in result.stdout
    assert "20 layers differ" in result.stdout
    answer = json.loads(run("resnet18", "--device", "meta", "--format", "json").stdout)
    assert answer["passed"] is False
    (row,) = [row for row in answer["nets"][0]["layers"] if row["name"] == "bn1"]
    (figure,) = [figure for figure in row["figures"] if not figure["passed"]]
    assert figure == {
        "what": "buffers", "predicted": {}, "measured": {"running_mean": [64], "running_var": [64]}, "passed": False,
    }  # fmt: skip


def test_json_holds_every_figure():
    answer = json.loads(run("lenet5", "--format", "json").stdout)
    (net,) = answer["nets"]
    assert answer["passed"] is True
    assert (net["net"], net["device"], net["batch"], net["dtype"]) == ("lenet5", "cpu", 1, "float32")
    assert net["framework"] == f"torch {torch.__version__}"
    assert net["held"] == len(net["totals"]) + sum(len(row["figures"]) for row in net["layers"])
    assert len(net["layers"]) == 12


def test_a_large_net_runs_on_meta_and_says_so():
    result = run("vgg16")
    assert result.exit_code == 0
    assert "meta" in result.stdout.splitlines()[0]
    assert "`--device cpu` runs it in full" in result.stdout


def test_a_folder_passes_over_families(tmp_path):
    (tmp_path / "net.yaml").write_text("{input: 3x8x8, layers: [conv 4 k3]}")
    (tmp_path / "family.yaml").write_text("variables: {width: required}\ninput: 3x8x8\nlayers:\n  - conv $width k3\n")
    result = run(tmp_path)
    assert result.exit_code == 0, result.stderr
    assert "· " in result.stdout
    assert "a family: width to be set" in result.stdout
    assert "1 net verified" in result.stdout


def test_options_reach_the_net(tmp_path):
    net = tmp_path / "net.yaml"
    net.write_text("variables: {width: 4}\ninput: 3x8x8\nlayers: [{conv: $width k3, name: c}, batchnorm]\n")
    arguments = (net, "--set", "width=6", "--batch", 3, "--input", "1x9x9", "--freeze", "c", "--dialect", "keras")
    answer = json.loads(run(*arguments, "--format", "json").stdout)
    first = {figure["what"]: figure["measured"] for figure in answer["nets"][0]["layers"][0]["figures"]}
    assert first["output shape"] == [3, 6, 7, 7]
    assert first["trained"] is False
    totals = {figure["what"]: figure["measured"] for figure in answer["nets"][0]["totals"]}
    assert totals["params"] == 6 * 9 + 6 + 4 * 6  # in Keras's dialect the running statistics are parameters
    assert totals["trainable"] == 12


# -- where it cannot --


def test_without_torch_one_line_says_how_to_install_it():
    code = """
        import importlib.util as util, sys
        found = util.find_spec
        util.find_spec = lambda name, *rest: None if name == "torch" else found(name, *rest)
        from cnncalc.cli.main import cnncalc
        cnncalc.main(["verify", "lenet5"])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.fullmatch(r"error: torch is not installed\n  = help: .*`pip install .*torch.*`\n", done.stderr)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_without_cuda_it_says_so():
    result = run("lenet5", "--device", "cuda")
    assert result.exit_code == 2
    assert "torch finds no CUDA device here" in result.stderr
    assert result.stdout == ""


def test_a_net_that_does_not_fit_is_refused_before_it_is_built(monkeypatch):
    monkeypatch.setattr(planning, "_available", lambda device: 100 * MEBIBYTE)
    monkeypatch.setattr(module, "build", lambda *_, **__: pytest.fail("it was built"))
    result = run("vgg16", "--device", "cpu")
    assert result.exit_code == 2
    assert "the net does not fit in the memory of cpu" in result.stderr
    assert "about 1.1 GiB, 100.0 MiB are free" in result.stderr
    assert "`--device meta`" in result.stderr
    assert "smaller `--input`" in result.stderr


def test_memory_that_runs_out_on_the_way(monkeypatch):
    def no_room(*_, **__):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(module, "measure", no_room)
    result = run("lenet5")
    assert result.exit_code == 2
    assert "there is not enough memory on cpu" in result.stderr


def test_a_type_that_torch_cannot_train():
    result = run("lenet5", "--dtype", "int8")
    assert result.exit_code == 2
    assert "torch cannot train a net in int8" in result.stderr
    assert "there is no type `flot32`" in run("lenet5", "--dtype", "flot32").stderr


def test_nothing_to_verify():
    result = run()
    assert result.exit_code == 2
    assert "there is no net to verify" in result.stderr


def test_a_bad_net_among_good_ones(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("{input: 3x2x2, layers: [conv 4 k3]}")
    result = run("lenet5", bad)
    assert result.exit_code == 2
    assert "the kernel does not fit its input" in result.stderr
    assert "1 net verified" in result.stdout
    assert "1 net could not be verified" in result.stdout


def test_an_interrupted_run_says_what_was_verified(monkeypatch):
    def interrupted(graph, **options):
        if graph.name == "AlexNet":
            raise KeyboardInterrupt
        return verify(graph, **options)

    monkeypatch.setattr(module, "verify", interrupted)
    result = run("lenet5", "alexnet", "vgg16")
    assert result.exit_code == 130
    assert "✓ lenet5" in result.stdout
    assert "1 net verified" in result.stdout
    assert "interrupted, 2 nets not verified" in result.stdout
    answer = json.loads(run("lenet5", "alexnet", "--format", "json").stdout)
    assert (answer["passed"], answer["interrupted"], len(answer["nets"])) == (False, True, 1)


def test_a_batch_norm_of_one_value_takes_two_images():
    verification = verify(written("{input: 4x1x1, layers: [batchnorm, relu]}"))
    figures(verification)
    assert verification.batch == 2
    assert "in a batch of 1, batchnorm1 has one value a channel" in verification.notes[0]


def test_what_the_counter_does_not_know_is_said():
    told = verify(written("{inputs: {a: 5, b: 7}, layers: [{bilinear: 6, from: [a, b]}]}")).notes
    assert "by itself counts nothing for bilinear layers: here they count as their likes" in told[-1]
    assert not any("FlopCounterMode" in note for note in verify(written("{input: 4, layers: [linear 3]}")).notes)


def test_an_instance_norm_of_one_pixel_runs_in_eval_mode():
    verification = verify(written("{input: 4x1x1, layers: [instancenorm stats, relu]}"))
    assert "saved bytes" not in figures(verification)
    assert "in eval mode" in verification.notes[0]


def test_what_torch_refuses_is_a_difference_that_names_the_layer(monkeypatch):
    from cnncalc.torch_backend.building.modules import Concat

    def broken(self, *inputs):
        raise RuntimeError("sizes of tensors must match\nand more")

    monkeypatch.setattr(Concat, "forward", broken)
    verification = verify(written("{input: 4x3x3, layers: [{concat: [[relu], []], name: both}]}"))
    (figure,) = verification.totals
    assert (figure.what, figure.predicted) == ("forward pass", "runs")
    assert figure.measured == "both: sizes of tensors must match"


def test_an_activation_in_place_on_what_backward_needs_is_found():
    net = "{input: 4x3x3, layers: [{conv: 4 k1, name: c}, sigmoid, relu inplace]}"
    failed = [figure for figure in verify(written(net)).totals if not figure.passed]
    assert [figure.what for figure in failed] == ["training step"]
    assert "modified by an inplace operation" in failed[0].measured


def test_an_input_that_only_lends_its_size_gets_no_gradient():
    net = "{input: 4x3x3, layers: [{conv: 4 k1, name: c}, {upsample: , from: [input, c]}, conv 2 k1]}"
    verification = verify(written(net))
    figures(verification)
    assert "backward reaches 2 trainable tensors not at all, such as c.weight" in verification.notes[0]


def test_processes_verify_what_one_does():
    """In the same order; a net that cannot be verified is told as it is by one."""
    nets = ["lenet5", "nosuchnet", "lenet_cifar", "--device", "meta", "--format", "json"]
    alone, shared = (run(*nets, *more) for more in ([], ["--jobs", "2"]))
    assert alone.exit_code == shared.exit_code == 2

    def told(answer):
        return [{key: one[key] for key in one if key != "seconds"} for one in json.loads(answer)["nets"]]

    assert told(shared.stdout) == told(alone.stdout)
