"""`audit` on models that people use: silent on each as it is, not on the same with a fault in it.

The models come from `transformers`, small and from their configs: nothing is downloaded.
"""

import pytest
import torch
from torch import nn

from dropout_scaling.audit import audit

IDS = torch.arange(24).reshape(2, 12)
IMAGES = torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32)
SMALL = {
    "vocab_size": 99,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
VISION = {name: size for name, size in SMALL.items() if name != "vocab_size"}
BOTH = {"input_ids": IDS, "decoder_input_ids": IDS}

# name -> (model, config, its settings, example)
MODELS = {
    "BERT": ("BertForSequenceClassification", "BertConfig", SMALL, {"input_ids": IDS}),
    "RoBERTa": ("RobertaForMaskedLM", "RobertaConfig", SMALL, {"input_ids": IDS}),
    "GPT-2": (
        "GPT2LMHeadModel",
        "GPT2Config",
        {"vocab_size": 99, "n_embd": 32, "n_layer": 2, "n_head": 4},
        {"input_ids": IDS},
    ),
    "T5": (
        "T5ForConditionalGeneration",
        "T5Config",
        {"vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4},
        BOTH,
    ),
    "BART": (
        "BartForConditionalGeneration",
        "BartConfig",
        {
            "vocab_size": 99,
            "d_model": 32,
            **{f"{part}_layers": 2 for part in ("encoder", "decoder")},
            **{f"{part}_attention_heads": 4 for part in ("encoder", "decoder")},
            **{f"{part}_ffn_dim": 64 for part in ("encoder", "decoder")},
        },
        BOTH,
    ),
    "Llama": (
        "LlamaForCausalLM",
        "LlamaConfig",
        SMALL | {"num_key_value_heads": 4, "attention_dropout": 0.1},
        {"input_ids": IDS},
    ),
    "ViT": (
        "ViTForImageClassification",
        "ViTConfig",
        VISION | {"image_size": 32, "patch_size": 8, "hidden_dropout_prob": 0.1},
        {"pixel_values": IMAGES},
    ),
    "Swin": (
        "SwinForImageClassification",
        "SwinConfig",
        {
            "image_size": 32,
            "patch_size": 2,
            "embed_dim": 16,
            "depths": [1, 1],
            "num_heads": [2, 2],
            "window_size": 4,
        },
        {"pixel_values": IMAGES},
    ),
    "ResNet": (
        "ResNetForImageClassification",
        "ResNetConfig",
        {"embedding_size": 16, "hidden_sizes": [16, 32], "depths": [1, 1]},
        {"pixel_values": IMAGES},
    ),
}

pytestmark = pytest.mark.filterwarnings("ignore")  # the library's own, of no concern here


def built(name):
    import transformers  # here, since its import takes a second in each worker

    model, config, settings, example = MODELS[name]
    config = getattr(transformers, config)(**settings)
    return getattr(transformers, model)(config).train(), example


@pytest.mark.parametrize("name", MODELS)
def test_a_model_as_its_authors_wrote_it_has_no_finding(name):
    assert audit(*built(name)) == []


class StillDrops(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return nn.functional.dropout(self.layer(x), 0.1)


@pytest.mark.parametrize("name", MODELS)
def test_the_same_model_with_a_fault_in_a_linear_layer_has_it_found(name):
    model, example = built(name)
    linear = [part for part, module in model.named_modules() if type(module) is nn.Linear]
    place = linear[len(linear) // 2]
    model.set_submodule(place, StillDrops(model.get_submodule(place)))
    findings = audit(model, example)
    assert ("active in eval", place) in [(finding.kind, finding.module) for finding in findings]
