"""The callback: with a Trainer made of nothing, and with the real one."""

import json
import shutil
from types import SimpleNamespace

import lorascope
import pytest
from conftest import FIXTURES

SCALARS = {"lorascope/step", "lorascope/intruders", "lorascope/energy_share", "lorascope/margin_min", "lorascope/effective_rank"}


class Log(list):
    def log(self, scalars):
        self.append(scalars)


def Reporter(heard):
    """Whom a Trainer reports to, as Trackio or TensorBoard is."""
    from transformers import TrainerCallback

    class Heard(TrainerCallback):
        def on_log(self, args, state, control, logs=None, **rest):
            heard.append(dict(logs))

    return Heard()


def events(output, step):
    return SimpleNamespace(output_dir=str(output)), SimpleNamespace(global_step=step, is_world_process_zero=True), None


def test_every_checkpoint_is_a_line_and_a_point_of_the_run(tmp_path):
    log = Log()
    callback = lorascope.TrainerCallback(FIXTURES / "minilm-layer0" / "base", trainer=log)
    output = tmp_path / "run"
    output.mkdir()
    sources = [FIXTURES / "minilm-layer0" / name for name in ("lora_r1", "lora_r8")]
    callback.on_train_begin(*events(output, 0))
    for step, source in zip((10, 20), sources):
        shutil.copytree(source, output / f"checkpoint-{step}")
        callback.on_save(*events(output, step), model=None)
        callback.on_step_end(*events(output, step))
    callback.on_train_end(*events(output, 20))
    assert [line["lorascope/step"] for line in log] == [10, 20]
    assert all(set(line) == SCALARS for line in log), log
    lines = [json.loads(line) for line in (output / "lorascope.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20]
    report = lorascope.Report.open(output / "lorascope-report.json")
    assert list(report.intruders) == ["run/checkpoint-10", "run/checkpoint-20"]
    assert report.figure("over-steps").svg.startswith("<svg")


def test_without_a_trainer_the_history_has_the_scalars(tmp_path):
    output = tmp_path / "run"
    shutil.copytree(FIXTURES / "minilm-layer0" / "lora_r1", output / "checkpoint-3")
    callback = lorascope.TrainerCallback(FIXTURES / "minilm-layer0" / "base")
    args, state, control = events(output, 3)
    state.log_history = []
    callback.on_save(args, state, control)
    callback.on_train_end(args, state, control)
    assert state.log_history[0]["lorascope/intruders"] == 4 and state.log_history[0]["step"] == 3


def test_what_cannot_be_analysed_stops_no_training(tmp_path):
    output = tmp_path / "run"
    (output / "checkpoint-5").mkdir(parents=True)
    callback = lorascope.TrainerCallback(tmp_path / "nowhere", trainer=Log())
    with pytest.warns(lorascope.LorascopeWarning, match="checkpoint-5"):
        callback.on_save(*events(output, 5))
        callback.on_train_end(*events(output, 5))
    assert "error" in json.loads((output / "lorascope.jsonl").read_text())
    # Every other event of a Trainer, known or not.
    callback.on_something_new(1, 2, three=3)


def test_a_real_trainer(tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    peft = pytest.importorskip("peft")
    pytest.importorskip("accelerate")
    torch.manual_seed(1)
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2
    )
    base = transformers.LlamaForCausalLM(config)
    base.save_pretrained(tmp_path / "base")
    model = peft.get_peft_model(base, peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"]))
    data = [{"input_ids": row, "labels": row} for row in torch.randint(0, 64, (16, 12))]
    args = transformers.TrainingArguments(
        output_dir=str(tmp_path / "run"),
        max_steps=6,
        save_steps=2,
        save_total_limit=2,
        per_device_train_batch_size=2,
        learning_rate=3e-2,
        logging_steps=1,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
    )
    trainer = transformers.Trainer(model=model, args=args, train_dataset=data)
    trainer.add_callback(lorascope.TrainerCallback(tmp_path / "base", trainer=trainer))
    heard = []
    trainer.add_callback(Reporter(heard))
    trainer.train()
    assert [logs["lorascope/step"] for logs in heard if "lorascope/step" in logs] == [2, 4, 6]
    logged = [entry for entry in trainer.state.log_history if "lorascope/step" in entry]
    assert [entry["lorascope/step"] for entry in logged] == [2, 4, 6]
    assert all(set(entry) >= SCALARS for entry in logged)
    report = lorascope.Report.open(tmp_path / "run" / "lorascope-report.json")
    assert len(report.intruders) == 3 and report.figure("over-steps").svg
    # The last checkpoint, looked at alone.
    last = lorascope.analyze(tmp_path / "base", {"last": tmp_path / "run" / "checkpoint-6"})
    assert last.intruders["last"] == logged[-1]["lorascope/intruders"]
