"""Audit the models that the book shows, and write what came out as its table.

usage: python -m tools.wild.run shown      `make wild ONLY=shown`
"""

import json
import platform
import re
import sys
import time
from importlib.metadata import version
from typing import NamedTuple

import torch

from dropout_scaling.audit import audit
from tools.paths import PACKAGE
from tools.wild.judge import fingerprint

TABLE = PACKAGE / "audited.json"
RATES = "`drop_rate=0.1`, `drop_path_rate=0.1`"


class Shown(NamedTuple):
    """A model of ``world``, and what a person read in its code: why ``audit`` is right about it."""

    group: str
    name: str
    model: str
    package: str
    rates: str
    code: str


# The most telling first: the checklist shows five.
MODELS = (
    Shown(
        "transformers", "esm", "ESM", "transformers", "",
        "the call is commented out, so `hidden_dropout_prob` does not reach the embeddings",
    ),
    Shown(
        "timm with rates", "legacy_xception", "Xception", "timm", RATES,
        "`F.dropout(x, ...)` stands alone on its line, so `drop_rate` does nothing",
    ),
    Shown(
        "transformers", "nystromformer", "Nyströmformer", "transformers", "",
        "the attention makes the layer and leaves it: `attention_probs_dropout_prob` does nothing",
    ),
    Shown(
        "timm with rates", "iformer_t", "iFormer", "timm", RATES,
        "the head drops, and then normalises",
    ),
    Shown(
        "peft", "bert lora", "BERT with LoRA", "peft", "`lora_dropout=0.1`",
        "right: the adapter drops its own copy of the input, and the frozen layer gets it whole",
    ),
    Shown(
        "transformers", "mra", "MRA", "transformers", "",
        "as in Nyströmformer, `attention_probs_dropout_prob` does nothing",
    ),
    Shown(
        "transformers with rates", "albert", "ALBERT", "transformers", "0.1 for each rate of 0",
        "each layer makes a dropout, and its forward has no line for it",
    ),
    Shown(
        "timm with rates", "repvit_m0_9", "RepViT", "timm", RATES,
        "the head drops, and then normalises",
    ),
    Shown(
        "timm with rates", "shvit_s1", "SHViT", "timm", RATES,
        "the head drops, and then normalises",
    ),
    Shown(
        "transformers", "big_bird", "BigBird", "transformers", "",
        "right: for a short input it exchanges its attention for good; the audit puts it back",
    ),
    Shown(
        "transformers", "bert", "BERT", "transformers", "",
        "right: it drops after the embeddings, in the attention and after each of its two parts",
    ),
    Shown(
        "transformers", "gpt2", "GPT-2", "transformers", "",
        "right: it drops after the embeddings, in the attention and after each of its two parts",
    ),
)  # fmt: skip


def within_package(text):
    """The text with places of code within their packages: without the folders of this machine."""
    return re.sub(r"\S*site-packages/", "", text)


def says(findings):
    """What the book quotes of them: the kinds and the places, without the advice."""
    places = [f.location.rpartition("/")[2] or f.module for f in findings]
    told = [f"{f.kind}: `{place}`" for f, place in zip(findings, places, strict=True)]
    return "; ".join(told) or "nothing"


def row(shown, make):
    """What the table says of a model."""
    torch.manual_seed(0)
    model, example = make()
    before = fingerprint(model)
    findings = [finding for finding in audit(model, example) if not finding.note]
    if fingerprint(model) != before:
        sys.exit(f"{shown.name} was changed by its audit")
    return {
        "model": shown.model,
        "package": shown.package,
        "version": version(shown.package),
        "rates": shown.rates,
        "says": says(findings),
        "findings": [
            {
                "kind": finding.kind,
                "module": finding.module,
                "others": len(finding.others),
                "location": within_package(finding.location),
                "message": within_package(finding.message),
            }
            for finding in findings
        ],
        "code": shown.code,
    }


def main():
    from tools.wild.package_models import world  # needs what is installed for it alone

    found = {(group, case.name): case for group, cases in world().items() for case in cases}
    rows = [row(shown, found[shown.group, shown.name].make) for shown in MODELS]
    run = {
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }
    text = json.dumps({"run": run, "rows": rows}, indent=1, ensure_ascii=False)
    TABLE.write_text(text + "\n", "utf8")
    print(f"wrote {TABLE.name}: {len(rows)} models")


if __name__ == "__main__":
    main()
