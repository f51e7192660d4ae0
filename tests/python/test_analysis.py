"""The module computes what the program does, from files and from tensors, and says what is wrong."""

import json

import lorascope
import numpy
import pytest
from conftest import FIXTURES, LAYER0, numbers


def cases():
    for place in sorted(FIXTURES.glob("zoo/*/case.json")) + sorted(FIXTURES.glob("field/*/case.json")):
        case = json.loads(place.read_text())
        folders = lambda key: list(dict.fromkeys(f.split("/")[0] for f in case.get(key, []) if "/" in f))  # noqa: E731
        base, tuned = folders("base"), folders("tuned")
        if len(base) == 1 and tuned:
            yield pytest.param(place.parent, base[0], tuned, id=f"{place.parent.parent.name}/{place.parent.name}")


@pytest.mark.filterwarnings("ignore::lorascope.LorascopeWarning")
@pytest.mark.parametrize(("place", "base", "tuned"), list(cases()))
def test_reports_of_zoo_and_field_are_those_of_the_program(place, base, tuned, program, tmp_path):
    models = [place / name for name in tuned]
    wanted = program(tmp_path, place / base, *models)
    if wanted is None:
        with pytest.raises(lorascope.FileError) as caught:
            lorascope.analyze(place / base, models)
        assert caught.value.code and caught.value.fix
        return
    assert any(model["matrices"] for model in wanted["models"])
    assert numbers(lorascope.analyze(place / base, models).json()) == numbers(wanted)


def test_the_first_layer_of_the_experiment(layer0, program, tmp_path):
    base, models = layer0
    report = lorascope.analyze(base, models)
    assert list(report.intruders) == list(models)
    assert report.intruders == {"full": 0, "lora_r1": 4, "lora_r8": 0, "lora_r64": 0}
    wanted = program(tmp_path, base, *(f"{label}={path}" for label, path in models.items()))
    assert numbers(report.json()) == numbers(wanted)


def loaded(path, framework="numpy"):
    from safetensors import safe_open

    with safe_open(path, framework) as file:
        return {name: file.get_tensor(name) for name in file.keys()}


def matrices(report):
    return [model["matrices"] for model in numbers(report.json())["models"]]


def test_tensors_of_numpy_are_as_good_as_files(layer0):
    pytest.importorskip("safetensors")
    base, models = layer0
    from_files = lorascope.analyze(base, {"full": models["full"]})
    base, full = (loaded(folder / "model.safetensors") for folder in (base, models["full"]))
    from_memory = lorascope.analyze(base, {"full": full})
    assert matrices(from_memory) == matrices(from_files)
    # Columns first, and another order of bytes: copied, not read wrongly.
    turned = {name: numpy.asfortranarray(array.astype(">f4")) for name, array in full.items()}
    assert matrices(lorascope.analyze(base, {"full": turned})) == matrices(from_files)


def test_tensors_of_torch_in_half_and_views(layer0):
    torch = pytest.importorskip("torch")
    generator = torch.Generator().manual_seed(3)
    base = {f"layers.{n}.q_proj.weight": torch.randn(48, 32, generator=generator).bfloat16() for n in range(2)}
    tuned = {name: (w.float() + 0.3 * torch.randn(48, 1, generator=generator)).bfloat16() for name, w in base.items()}
    report = lorascope.analyze(base, {"tuned": tuned})
    widened = [{name: w.float().numpy() for name, w in state.items()} for state in (base, tuned)]
    again = lorascope.analyze(widened[0], {"tuned": widened[1]})
    assert report.intruders == again.intruders
    assert [row["σ1 after"] for row in report.rows()] == pytest.approx([row["σ1 after"] for row in again.rows()], rel=1e-6)
    views = {name: w.t().contiguous().t() for name, w in tuned.items()}
    assert matrices(lorascope.analyze(base, {"tuned": views})) == matrices(report)
    with pytest.raises(lorascope.UsageError, match="meta"):
        lorascope.analyze({name: w.to("meta") for name, w in base.items()}, {"tuned": tuned})


def test_a_peft_model_is_its_adapter_and_its_base(tmp_path):
    torch = pytest.importorskip("torch")
    peft = pytest.importorskip("peft")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(5)
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2
    )
    model = transformers.LlamaForCausalLM(config)
    model.save_pretrained(tmp_path / "base")
    tuned = peft.get_peft_model(model, peft.LoraConfig(r=4, lora_alpha=16, target_modules=["q_proj", "down_proj"], init_lora_weights=False))
    tuned.save_pretrained(tmp_path / "adapter")
    wanted = lorascope.analyze(tmp_path / "base", {"r4": tmp_path / "adapter"})
    assert wanted.intruders["r4"] > 0
    assert matrices(lorascope.analyze(tmp_path / "base", {"r4": tuned})) == matrices(wanted)
    # The base below it, without a file.
    assert matrices(lorascope.analyze(None, {"r4": tuned})) == matrices(wanted)
    assert matrices(lorascope.analyze(None, tuned)) == matrices(wanted)


def test_addresses_are_read_in_ranges(layer0):
    fsspec = pytest.importorskip("fsspec")
    base, models = layer0
    memory = fsspec.filesystem("memory")
    memory.put(str(base), "/store/base", recursive=True)
    memory.put(str(models["lora_r8"]), "/store/r8", recursive=True)
    wanted = lorascope.analyze(base, {"r8": models["lora_r8"]})
    assert matrices(lorascope.analyze("memory://store/base", {"r8": "memory://store/r8"})) == matrices(wanted)
    assert matrices(lorascope.analyze("memory://store/base/model.safetensors", ["memory://store/r8"])) == matrices(wanted)
    with pytest.raises(lorascope.UsageError, match="no file"):
        lorascope.analyze("memory://store/nowhere", {"r8": "memory://store/r8"})


def test_parts_are_one_run_and_what_is_missing_is_said(layer0, tmp_path):
    base, models = layer0
    whole = lorascope.analyze(base, models)
    parts = [lorascope.analyze(base, models, part=f"{n}/3", keep=tmp_path / "kept") for n in (1, 2, 3)]
    assert numbers(lorascope.merge_reports(parts).json()) == numbers(whole.json())
    assert numbers(lorascope.merge_reports(whole).json()) == numbers(whole.json())
    assert len(list((tmp_path / "kept").rglob("*.json"))) == 24
    with pytest.warns(lorascope.LorascopeWarning, match="missing"):
        lorascope.merge_reports(parts[:2])
    with pytest.raises(lorascope.UsageError, match="missing"):
        lorascope.merge_reports(parts[:2], missing="raise")


def test_faults_say_what_to_do(layer0, tmp_path):
    base, models = layer0
    one = {"r1": models["lora_r1"]}
    for wrong, said in [
        ({"epsilon": 2}, "above 0"),
        ({"k": 0}, "at least one"),
        ({"side": "top"}, "left"),
        ({"mode": "fast"}, "certified"),
        ({"types": ["zz"]}, "no such type"),
        ({"layers": "x"}, "list of blocks"),
        ({"part": "3"}, "I/N"),
        ({"preset": "none"}, "rules with a name"),
    ]:
        with pytest.raises(lorascope.UsageError, match=said):
            lorascope.analyze(base, one, **wrong)
    with pytest.raises(lorascope.FileError, match="hf download"):
        lorascope.analyze("hf:nobody/nothing", one)
    with pytest.raises(lorascope.FileError, match="no model that can be the base"):
        lorascope.analyze(models["lora_r8"], {"base": base})
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / "model.safetensors").write_bytes((base / "model.safetensors").read_bytes()[:5000])
    with pytest.raises(lorascope.FileError) as caught:
        lorascope.analyze(cut, one)
    assert caught.value.code == "truncated" and caught.value.fix and "model.safetensors" in caught.value.problems[0].file
    with pytest.warns(lorascope.LorascopeWarning, match="model.safetensors"):
        report = lorascope.analyze(base, {**one, "cut": cut})
    assert report.intruders == {"r1": 4} and report.problems[0].code == "truncated"
    with pytest.raises(lorascope.UsageError, match="PEFT model"):
        lorascope.analyze(None, one)
    with pytest.raises(lorascope.UsageError, match="complex64"):
        lorascope.analyze({"w": numpy.zeros((2, 2), numpy.complex64)}, one)


def test_progress_is_told_and_may_stop_a_run(layer0):
    told = []
    lorascope.analyze(*layer0, progress=lambda *args: told.append(args))
    assert [done for done, _, _ in told] == [1, 2, 3, 4, 5, 6]
    assert all(of == 6 for _, of, _ in told) and told[-1][2] == pytest.approx(1)

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lorascope.analyze(*layer0, progress=stop)


def test_a_plan_reads_headers(layer0):
    plan = lorascope.plan(*layer0)
    assert len(plan["matrices"]) == 6 and [model["label"] for model in plan["models"]] == list(layer0[1])
    assert len(lorascope.plan(*layer0, types=["q"])["matrices"]) == 1


def test_the_base_is_the_first_whatever_its_name():
    report = lorascope.analyze(LAYER0 / "full", {"base": LAYER0 / "base"})
    assert list(report.intruders) == ["base"]
