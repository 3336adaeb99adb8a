"""Models from packages that people use, built from names or configs: nothing is downloaded.

The truth is that a model as its authors wrote it has no fault, but for those in KNOWN, each of
which was read in the package's code. A fault that is planted in one must be found.
"""

import importlib
import itertools
import re
import sys
import tomllib
from pathlib import Path

import torch
from torch import nn

from tools.wild.cases import Case

# {package: {model: the kinds of its real faults}}.
KNOWN = {
    "transformers": {
        "esm": ("never called",),  # EsmEmbeddings.dropout: the call is commented out
        # In both attention_probs_dropout_prob makes a layer of the attention that nobody calls.
        "mra": ("never called",),
        "nystromformer": ("never called",),
    },
    "transformers with rates": {
        "albert": ("never called",),  # AlbertLayer.dropout, whose rate is 0 in the stock model
    },
    "timm with rates": {
        # Each drops in front of the batch norm of its head.
        "iformer_t": ("dropout before batch norm",),
        "repvit_m0_9": ("dropout before batch norm",),
        "shvit_s1": ("dropout before batch norm",),
        # forward_head calls F.dropout and keeps x.
        "legacy_xception": ("result unused",),
    },
}
KEPT = []
SMALL = {
    "vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 64, "image_size": 32, "patch_size": 8, "num_key_value_heads": 4,
    "head_dim": 8, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4,
    "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "n_embd": 32,
    "n_layer": 2, "n_head": 4, "n_layers": 2, "n_heads": 4, "dim": 32, "hidden_dim": 64,
    "embedding_size": 32, "max_position_embeddings": 64, "n_positions": 64, "emb_dim": 32,
    "num_local_experts": 4, "num_experts": 4, "n_routed_experts": 4, "moe_intermediate_size": 16,
    "shared_expert_intermediate_size": 16, "num_experts_per_tok": 2, "rotary_dim": 4,
    "q_lora_rank": 16, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 8,
    "v_head_dim": 8, "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1,
    "attention_head_size": 8, "num_encoder_layers": 2, "num_decoder_layers": 2, "ffn_dim": 64,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1,
    "attention_window": 4, "state_size": 8, "time_step_rank": 4, "conv_kernel": 4, "expand": 2,
    "layer_types": None, "head_hidden_size": 32, "global_rank": 8, "num_buckets": None,
}  # fmt: skip
SIDE = 96
IDS = torch.arange(24).reshape(2, 12) + 3
IMAGE = {"pixel_values": torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32)}
INPUTS = {
    "input_ids": {"input_ids": IDS},
    "decoder_input_ids": {"input_ids": IDS, "decoder_input_ids": IDS},
    "pixel_values": IMAGE,
}


class Planted(nn.Module):
    """A layer whose output is dropped in both modes."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.weight = layer.weight  # some models look at it

    def forward(self, *args):
        return nn.functional.dropout(self.layer(*args), 0.1) + 0  # not straight into a dropout


def planted(make):
    """The same model with a fault in the middle one of its linear layers."""

    def broken():
        model, example = make()
        place = _called(model, example)
        name = place[len(place) // 2]
        model.set_submodule(name, Planted(model.get_submodule(name)))
        return model, example

    return broken


def _called(model, example):
    """The names of the linear layers that run, in that order."""
    found = []
    names = {
        part: name
        for name, part in model.named_modules()
        if type(part).__name__ in ("Linear", "Conv1D")
    }

    def hook(part, inputs, output):
        found.append(names[part])

    handles = [part.register_forward_hook(hook) for part in names]
    keywords = example if isinstance(example, dict) else {}
    args = () if keywords else example if isinstance(example, tuple) else (example,)
    model(*args, **keywords)
    for handle in handles:
        handle.remove()
    return found


def load_torchvision():
    """Import torchvision, with stand-ins for operators that its build for CUDA cannot load here."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    while True:
        try:
            import torchvision  # noqa: F401

            return library  # to be kept: it holds the stand-ins
        except RuntimeError as error:
            missing = re.fullmatch(r"operator torchvision::(\w+) does not exist", str(error))
            if not missing:
                raise
            library.define(f"{missing[1]}(Tensor x) -> Tensor")
            for name in [name for name in sys.modules if name.startswith("torchvision")]:
                del sys.modules[name]


def config_of(kind, rates):
    """A small config of a model of transformers; with ``rates`` each rate that is 0 is 0.1."""
    from transformers import CONFIG_MAPPING

    config = CONFIG_MAPPING[kind]()
    changed = {name: size for name, size in SMALL.items() if hasattr(config, name)}
    if changed.pop("layer_types", None) is not None or getattr(config, "layer_types", None):
        changed["layer_types"] = list(config.layer_types)[:2]
    config = CONFIG_MAPPING[kind](**{k: v for k, v in changed.items() if v is not None})
    if rates:
        for name, value in vars(config).items():
            if "drop" in name and value == 0 and not isinstance(value, bool):
                setattr(config, name, 0.1)
    return config


def _transformers(kind, which, rates=False):
    def make():
        from transformers import AutoModel

        config = config_of(kind, rates)
        try:  # with rates in one kernel, where there is one
            way = "sdpa" if rates else "eager"
            model = AutoModel.from_config(config, attn_implementation=way)
        except ValueError:
            model = AutoModel.from_config(config, attn_implementation="eager")
        return model.train(), INPUTS[which]

    return make


def _timm(name, **rates):
    """With those of the rates that it takes, and a small image if it takes that."""

    def make():
        import timm

        sizes = [({"img_size": SIDE}, SIDE), ({}, SIDE), ({}, None)]
        taken = [rates, {k: v for k, v in rates.items() if k == "drop_rate"}, {}]
        for drops, (settings, side) in itertools.product(taken, sizes):
            try:
                model = timm.create_model(name, pretrained=False, **settings, **drops).train()
                size = model.default_cfg["input_size"]
                example = torch.randn(2, *((3, side, side) if side else size))
                with torch.no_grad():
                    model(example)
            except Exception as error:  # of many kinds, by what does not fit
                refused = error
            else:
                return model, example
        raise refused

    return make


def _torchvision(name):
    def make():
        models = importlib.import_module("torchvision.models")
        model = models.get_model(name, weights=None, init_weights=True) if name in (
            "googlenet", "inception_v3"
        ) else models.get_model(name, weights=None)  # fmt: skip
        side = 299 if name == "inception_v3" else 224
        return model.train(), torch.randn(2, 3, side, side)

    return make


def _graph(kind, **settings):
    def make():
        from torch_geometric.nn import models

        model = getattr(models, kind)(16, 32, 3, 4, dropout=0.5, **settings)
        edges = torch.randint(12, (2, 40))
        return model.train(), (torch.randn(12, 16), edges)

    return make


def _vit(name, **settings):
    def make():
        module, _, kind = name.partition(":")
        kind = getattr(importlib.import_module(f"vit_pytorch.{module}"), kind)
        usual = {"num_classes": 10, "dim": 32, "depth": 2, "heads": 2, "mlp_dim": 64}
        return kind(**usual | settings).train(), torch.randn(2, 3, 32, 32)

    return make


def _x_transformer(**settings):
    def make():
        from x_transformers import Decoder, TransformerWrapper

        layers = Decoder(dim=32, depth=2, heads=2, **settings)
        model = TransformerWrapper(
            num_tokens=99, max_seq_len=32, emb_dropout=0.1, attn_layers=layers
        )
        return model.train(), IDS

    return make


def _segmentation(name):
    def make():
        import segmentation_models_pytorch as smp

        model = getattr(smp, name)("resnet18", encoder_weights=None, classes=3)
        return model.train(), torch.randn(2, 3, 128, 128)

    return make


def _efficientnet(name):
    def make():
        from efficientnet_pytorch import EfficientNet

        return EfficientNet.from_name(name).train(), torch.randn(2, 3, 64, 64)

    return make


def _peft(kind, settings):
    def make():
        import peft

        base, example = _transformers(kind, "input_ids")()
        return peft.get_peft_model(base, getattr(peft, settings[0])(**settings[1])).train(), example

    return make


def _lora_merged_in_eval():
    import loralib

    model = nn.Sequential(
        loralib.Linear(16, 32, r=4, lora_dropout=0.1), nn.ReLU(), loralib.MergedLinear(
            32, 12, r=4, enable_lora=[True, False, True]), nn.ReLU(), nn.Linear(12, 4),
    )  # fmt: skip
    loralib.mark_only_lora_as_trainable(model)
    return model, torch.randn(2, 5, 16)


PEFT = {
    "lora": ("LoraConfig", {"r": 4, "lora_dropout": 0.1}),
    "dora": ("LoraConfig", {"r": 4, "lora_dropout": 0.1, "use_dora": True}),
    "loha": ("LoHaConfig", {"r": 4, "module_dropout": 0.1, "rank_dropout": 0.1}),
    "lokr": ("LoKrConfig", {"r": 4, "module_dropout": 0.1, "rank_dropout": 0.1}),
}
PEFT_TARGETS = {"bert": ["query", "value"], "llama": ["q_proj", "v_proj"]}
VITS = [
    ("vit:ViT", {"image_size": 32, "patch_size": 8, "dropout": 0.1, "emb_dropout": 0.1}),
    ("simple_vit:SimpleViT", {"image_size": 32, "patch_size": 8}),
    ("deepvit:DeepViT", {"image_size": 32, "patch_size": 8, "dropout": 0.1, "emb_dropout": 0.1}),
    (
        "cait:CaiT",
        {"image_size": 32, "patch_size": 8, "cls_depth": 1, "dropout": 0.1, "layer_dropout": 0.1},
    ),
    (
        "vit_for_small_dataset:ViT",
        {"image_size": 32, "patch_size": 8, "dropout": 0.1, "emb_dropout": 0.1},
    ),
    ("vit_with_patch_dropout:ViT", {"image_size": 32, "patch_size": 8, "patch_dropout": 0.25}),
    ("parallel_vit:ViT", {"image_size": 32, "patch_size": 8, "num_parallel_branches": 2}),
]


def _known(group, name):
    """The faults of a stock model, and those that show only with rates above 0."""
    stock = group.removesuffix(" with rates")
    return (KNOWN.get(stock, {}) | KNOWN.get(group, {})).get(name, ())


def world():
    """{group: its cases}."""
    KEPT.append(load_torchvision())
    names = tomllib.loads((Path(__file__).parent / "models.toml").read_text("utf8"))
    timm = names["timm"].split()
    configs = [
        (kind, way) for way, kinds in names["transformers"].items() for kind in kinds.split()
    ]
    groups = {
        "timm": [(name, _timm(name)) for name in timm],
        "timm with rates": [(n, _timm(n, drop_rate=0.1, drop_path_rate=0.1)) for n in timm],
        "transformers": [(k, _transformers(k, i)) for k, i in configs],
        "transformers with rates": [(k, _transformers(k, i, rates=True)) for k, i in configs],
        "torchvision": [(name, _torchvision(name)) for name in names["torchvision"].split()],
        "torch_geometric": [
            (f"{kind} {settings}", _graph(kind, **settings))
            for kind in ("GCN", "GraphSAGE", "GIN", "GAT", "EdgeCNN")
            for settings in ({}, {"norm": "batch_norm"}, {"jk": "cat"}, {"norm": "layer_norm"})
        ],
        "vit-pytorch": [(name, _vit(name, **settings)) for name, settings in VITS],
        "x-transformers": [
            (str(settings), _x_transformer(**settings))
            for settings in (
                {"attn_dropout": 0.1, "ff_dropout": 0.1},
                {"attn_dropout": 0.1, "attn_flash": True},
                {"layer_dropout": 0.2},
                {"ff_glu": True, "ff_dropout": 0.1, "use_rmsnorm": True},
                {"rotary_pos_emb": True, "cross_attn_tokens_dropout": 0.1},
            )
        ],
        "segmentation-models": [
            (name, _segmentation(name)) for name in names["segmentation"].split()
        ],
        "efficientnet-pytorch": [
            (name, _efficientnet(name)) for name in names["efficientnet"].split()
        ],
        "peft": [
            (f"{kind} {way}", _peft(kind, (name, {**settings, "target_modules": targets})))
            for kind, targets in PEFT_TARGETS.items()
            for way, (name, settings) in PEFT.items()
        ],
        "loralib": [("linear and merged", _lora_merged_in_eval)],
    }
    cases = {
        group: [Case(name, make, _known(group, name)) for name, make in listed]
        for group, listed in groups.items()
    }
    cases["a planted fault"] = [
        Case(name, planted(make), ("active in eval", *_known("transformers", name)))
        for name, make in groups["transformers"]
    ]
    return cases
