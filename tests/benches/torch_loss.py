"""The losses of a base and of a LoRA merged into it, in PyTorch as transformers builds the network: float32, without a cache of keys.

Generous to this side: the time begins with weights and tokens in memory, after one pass that is not counted, and of a masked network the head
sees the hidden positions alone.
"""
import json, pathlib, time
from answer import serve

BATCH = 16  # hidden positions that go through the network together


def loss(request, base, tunes):
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(request["threads"])
    torch.set_grad_enabled(False)
    folder = pathlib.Path(request["base"])
    masked = transformers.AutoConfig.from_pretrained(folder).model_type == "roberta"
    kind = transformers.AutoModelForMaskedLM if masked else transformers.AutoModelForCausalLM
    model = kind.from_pretrained(folder, dtype=torch.float32).eval()
    text = encoded(folder, request["text"])
    if len(text.ids) != request["tokens"]:
        raise ValueError(f"{len(text.ids)} tokens, not {request['tokens']}")
    of = (lambda: pseudo(torch, model, text, mask(folder), request["window"])) if masked else (lambda: next_token(torch, model, text))
    seconds, losses = 0.0, []
    of()
    [(_, changes)] = tunes
    for matrices in ([], changes):
        for name, change in matrices:
            model.get_parameter(name).copy_(torch.from_numpy(change.tuned(base[name])))
        start = time.perf_counter()
        found = of()
        seconds += time.perf_counter() - start
        losses.append(found.tolist())
    return {"seconds": seconds, "losses": losses, "torch": torch.__version__}


def encoded(folder, text):
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text)


def mask(folder):
    from tokenizers import Tokenizer

    name = json.loads((folder / "tokenizer_config.json").read_text())["mask_token"]
    return Tokenizer.from_file(str(folder / "tokenizer.json")).token_to_id(name)


def next_token(torch, model, text):
    ids = torch.tensor([text.ids])
    logits = model(ids, use_cache=False).logits[0, :-1]
    return torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")


def pseudo(torch, model, text, hidden, window):
    """Every window begins and ends with the added tokens, as the page's do."""
    added = torch.tensor(text.special_tokens_mask).bool()
    [first, *own, last] = torch.tensor(text.ids).split(1)
    assert added[0] and added[-1] and added.sum() == 2
    losses = []
    for piece in torch.cat(own).split(window - 2):
        ids = torch.cat([first, piece, last])
        for part in torch.arange(1, len(ids) - 1).split(BATCH):
            each = torch.arange(len(part))
            rows = ids.repeat(len(part), 1)
            rows[each, part] = hidden
            states = model.base_model(rows).last_hidden_state[each, part]
            losses.append(torch.nn.functional.cross_entropy(model.lm_head(states), ids[part], reduction="none"))
    return torch.cat(losses)


if __name__ == "__main__":
    serve({"loss": loss})
