"""Dropouts of packages on PyTorch's tensors, NumPy's arrays, and Keras on PyTorch.

Each truth was read in the package's code, before the doctor saw it. Where packages hold copies of
one text, one of them stands here.
"""

import functools
import importlib

import numpy as np
import torch
from torch import nn

from tools.wild.layers.case import Case, P
from tools.wild.layers.packages.cut import cut
from tools.wild.package_models import load_torchvision

KEPT = [load_torchvision()]  # it holds stand-ins
CASES = []
UNSCALED, BATCH, ALWAYS = "forgets_the_scale", "shares_the_mask_in_a_batch", "drops_at_evaluation"


def _of(path):
    """Return what ``package.module:name`` names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def _case(truth, name, layer, known, names="", **options):
    CASES.append(Case(name, layer, truth, frozenset(names.split()), known, options))


right, wrong = functools.partial(_case, "right"), functools.partial(_case, "wrong")
depends, none = functools.partial(_case, "depends"), functools.partial(_case, "none")


class Branch(nn.Module):
    """A residual block as the branch alone: ``join(layer, x)``."""

    def __init__(self, layer, join):
        super().__init__()
        self.layer, self.join = layer, join

    def forward(self, x):
        return self.join(self.layer, x)


class Same(nn.Module):
    """The identity, with the weight that some wrappers look at."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x


# PyTorch's own that torch_layers has not.
right("torch F.dropout1d", nn.functional.dropout1d, "its documentation: whole channels")
right("torch F.dropout3d", nn.functional.dropout3d, "its documentation: whole channels")
right("torch.native_dropout", torch.native_dropout, "returns the output and its mask")
right("torch.feature_dropout", torch.feature_dropout, "whole channels")
wrong("torch nn.FeatureAlphaDropout", nn.FeatureAlphaDropout(P), "it keeps no mean of a value")
wrong("torch F.alpha_dropout", nn.functional.alpha_dropout, "it keeps no mean of a value")
wrong("torch.alpha_dropout", torch.alpha_dropout, "it keeps no mean of a value")

# timm
DropPath, DropBlock = _of("timm.layers.drop:DropPath"), _of("timm.layers.drop:DropBlock2d")
right("timm DropPath", DropPath(P), "one draw a row, divided by 1 - p")
right(
    "timm drop_path", _of("timm.layers.drop:drop_path"), "the same; training is False unless told"
)
wrong("timm DropPath unscaled", DropPath(P, scale_by_keep=False), "as asked for", UNSCALED)
right("timm DropBlock2d", DropBlock(P, 3), "divided by the share that is left")
right("timm DropBlock2d by channel", DropBlock(P, 3, couple_channels=False), "the same")
wrong(
    "timm DropBlock2d with noise", DropBlock(P, 3, with_noise=True),
    "noise of mean 0 where it drops, and no scale",
)  # fmt: skip
wrong("timm DropBlock2d unscaled", DropBlock(P, 3, scale_by_keep=False), "as asked for", UNSCALED)
right(
    "timm ResidualDrop",
    Branch(_of("timm.models.efficientvit_msra:ResidualDrop")(Same(), P), lambda f, x: f(x) - x),
    "u >= p, a draw a row, divided by 1 - p; less the x that it adds",
)
none("timm PatchDropout", _of("timm.layers.patch_dropout:PatchDropout")(P), "returns fewer tokens")
none(
    "timm PatchDropoutWithIndices",
    _of("timm.layers.patch_dropout:PatchDropoutWithIndices")(P), "returns fewer tokens",
)  # fmt: skip

# torchvision
Depth, depth = (
    _of(f"torchvision.ops.stochastic_depth:{name}")
    for name in ("StochasticDepth", "stochastic_depth")
)
right("torchvision StochasticDepth row", Depth(P, "row"), "a draw a row, divided by 1 - p")
depends("torchvision StochasticDepth batch", Depth(P, "batch"), "one draw for the whole batch")
right("torchvision stochastic_depth row", functools.partial(depth, mode="row"), "the same")
depends("torchvision stochastic_depth batch", functools.partial(depth, mode="batch"), "the same")
for name in ("DropBlock2d", "DropBlock3d"):
    block = _of(f"torchvision.ops.drop_block:{name}")
    right(f"torchvision {name}", block(P, 3), "divided by the share that is left")
for name in ("drop_block2d", "drop_block3d"):
    block = functools.partial(_of(f"torchvision.ops.drop_block:{name}"), block_size=3)
    right(f"torchvision {name}", block, "the same")

# transformers, peft
MODELS = "transformers.models"
right(
    "transformers BeitDropPath", _of(f"{MODELS}.beit.modeling_beit:BeitDropPath")(P),
    "floor(u + q), a draw a row, divided by q; 44 of its classes are this text",
)  # fmt: skip
Stable = _of(f"{MODELS}.sew_d.modeling_sew_d:StableDropout")
right("transformers StableDropout", Stable(P), "masked_fill and 1 / (1 - p), both ways")
stable = Stable(P)
stable.init_context()
right("transformers StableDropout with contexts", stable, "a context, so a mask, for each call")
folded = _of(f"{MODELS}.esm.modeling_esmfold:EsmFoldDropout")
right("transformers EsmFoldDropout rows", folded(P, 1), "nn.Dropout of ones, axis 1 shared")
right("transformers EsmFoldDropout columns", folded(P, 2), "nn.Dropout of ones, axis 2 shared")
right(
    "transformers dropout_add",
    functools.partial(_of(f"{MODELS}.bloom.modeling_bloom:dropout_add"), residual=0.0),
    "F.dropout and a sum",
)
right(
    "transformers bias_dropout_add",
    functools.partial(
        _of(f"{MODELS}.gpt_neox_japanese.modeling_gpt_neox_japanese:bias_dropout_add"),
        bias=None, residual=None,
    ),
    "F.dropout, with no bias and no residual",
)  # fmt: skip
none(
    "peft MultiplicativeDropoutLayer",
    _of("peft.tuners.oft.layer:MultiplicativeDropoutLayer")(P),
    "puts identity matrices in the place of blocks",
)

# vit-pytorch, x-transformers
right("vit-pytorch DropPath", _of("vit_pytorch.cct:DropPath")(P), "u < q, a draw a row, x / q")
wrong(
    "vit-pytorch Dropsample", _of("vit_pytorch.max_vit:Dropsample")(P),
    "FloatTensor of a tuple holds its numbers: the mask has 4 values, along the last axis", BATCH,
)  # fmt: skip
none(
    "vit-pytorch PatchDropout", _of("vit_pytorch.vit_with_patch_dropout:PatchDropout")(P),
    "returns fewer tokens",
)  # fmt: skip
none("x-transformers dropout_seq", _of("x_transformers.x_transformers:dropout_seq"), "the same")

# drop_connect of the efficient nets
for package, path in {
    "segmentation-models": "segmentation_models_pytorch.encoders._efficientnet",
    "efficientnet-pytorch": "efficientnet_pytorch.utils",
    "monai": "monai.networks.nets.efficientnet",
}.items():
    right(
        f"{package} drop_connect", _of(f"{path}:drop_connect"), "floor(q + u), a draw a row, x / q"
    )

# monai, kornia
Path = _of("monai.networks.layers.drop_path:DropPath")
right("monai DropPath", Path(P), "a draw a row, divided by 1 - p")
wrong("monai DropPath unscaled", Path(P, scale_by_keep=False), "as asked for", UNSCALED)
Path = _of("kornia.models.common:DropPath")
right("kornia DropPath", Path(P), "a draw a row, divided by 1 - p")
wrong("kornia DropPath unscaled", Path(P, scale_by_keep=False), "as asked for", UNSCALED)
DEDODE = "kornia.feature.dedode.transformer.layers.drop_path"
right("kornia dedode DropPath", _of(f"{DEDODE}:DropPath")(P), "a draw a row, divided by 1 - p")
right("kornia dedode drop_path", _of(f"{DEDODE}:drop_path"), "the same")

# torch_geometric
mask_feature = _of("torch_geometric.utils:mask_feature")
for way, names in {"all": UNSCALED, "row": UNSCALED, "col": f"{UNSCALED} {BATCH}"}.items():
    wrong(
        f"torch_geometric mask_feature {way}", functools.partial(mask_feature, mode=way),
        "an augmentation: as a dropout it has no scale", names,
    )  # fmt: skip
for name in ("dropout_edge", "dropout_node", "dropout_adj"):
    none(f"torch_geometric {name}", _of(f"torch_geometric.utils:{name}"), "drops edges of a list")

# dropblock, torchrl, torchnlp, stanza
for name in ("DropBlock2D", "DropBlock3D"):
    right(f"dropblock {name}", _of(f"dropblock:{name}")(P, 3), "divided by the share that is left")
right(
    "torchrl ConsistentDropout", _of("torchrl.modules:ConsistentDropout")(P),
    "F.dropout of ones; returns the mask beside the output, in training alone",
)  # fmt: skip
right(
    "torchnlp LockedDropout", _of("torchnlp.nn:LockedDropout")(P), "one mask for all steps, axis 0"
)
STANZA = "stanza.models.common.dropout"
depends("stanza WordDropout", _of(f"{STANZA}:WordDropout")(P), "whole words, no scale")
right("stanza LockedDropout", _of(f"{STANZA}:LockedDropout")(P), "one mask for all steps, axis 1")
right(
    "stanza LockedDropout time first", _of(f"{STANZA}:LockedDropout")(P, batch_first=False),
    "one mask for all steps, axis 0",
)  # fmt: skip
right(
    "stanza FeatureDropout",
    cut("stanza", "models/constituency/partitioned_transformer.py", "FeatureDropoutFunction",
        "FeatureDropout")(P),
    "one mask for all steps, with a backward of its own",
)  # fmt: skip

# e3nn
right("e3nn Dropout of scalars", _of("e3nn.nn:Dropout")("32x0e", P), "a draw a number")
depends(
    "e3nn Dropout of vectors", _of("e3nn.nn:Dropout")("8x0e+8x1o", P),
    "a draw a vector of three; its calls cannot show that three numbers are one vector",
)  # fmt: skip

# Keras, on PyTorch
LAYERS = "keras.layers"
right("keras Dropout", _of(f"{LAYERS}:Dropout")(P), "its documentation")
right(
    "keras Dropout with a noise shape", _of(f"{LAYERS}:Dropout")(P, noise_shape=(None, 1)),
    "a draw a row",
)  # fmt: skip
for name in ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"):
    right(f"keras {name}", _of(f"{LAYERS}:{name}")(P), "whole channels, the channels last")
right("keras GaussianDropout", _of(f"{LAYERS}:GaussianDropout")(P), "mean 1, variance p / (1 - p)")
wrong("keras AlphaDropout", _of(f"{LAYERS}:AlphaDropout")(P), "it keeps no mean of a value")
wrong("keras GaussianNoise", _of(f"{LAYERS}:GaussianNoise")(P), "it adds noise")
right(
    "keras StochasticDepth", _of("keras.src.applications.convnext:StochasticDepth")(P),
    "floor(q + u), a draw a row, x / q",
)  # fmt: skip
right("keras.random.dropout", _of("keras.random:dropout"), "always on, as a function should be")

# Of packages of which the rest is not imported.
folding = cut("alphafold3_pytorch", "alphafold3.py", "Dropout", exists=lambda x: x is not None)
right("alphafold3 Dropout", folding(P), "nn.Dropout")
for way in ("row", "col"):
    right(f"alphafold3 Dropout {way}", folding(P, dropout_type=way), "nn.Dropout of ones")
braindecode = "functional/functions.py"
right("braindecode drop_path", cut("braindecode", braindecode, "drop_path"), "a draw a row, / q")
wrong(
    "braindecode ChannelDropout", cut("braindecode", "models/brainmodule.py", "_ChannelDropout")(P),
    "int(channels * p) channels, the same in all rows, times channels / those left",
    f"{BATCH} drops_an_exact_share",
)  # fmt: skip
ESM = "inverse_folding/gvp_modules.py"
right("esm VDropout", cut("esm", ESM, "_VDropout")(P), "a draw a vector, / (1 - p)")
right("esm Dropout", cut("esm", ESM, "_VDropout", "Dropout")(P), "nn.Dropout of a tensor")
right("esmfold Dropout", cut("esm", "esmfold/v1/misc.py", "Dropout")(P, 1), "nn.Dropout of ones")
S4 = "asr/state_spaces/components.py"
right("espnet DropoutNd", cut("espnet2", S4, "DropoutNd")(P), "u < q, a draw a channel, / q")
right("espnet DropoutNd untied", cut("espnet2", S4, "DropoutNd")(P, tie=False), "u < q, / q")
depends(
    "espnet StochasticDepth batch",
    cut("espnet2", S4, "stochastic_depth", "StochasticDepth")(P, "batch"), "a draw a batch",
)  # fmt: skip
right(
    "espnet SpatialDropout", cut("espnet2", "asr/preencoder/sinc.py", "SpatialDropout")(P),
    "nn.Dropout2d between two permutations",
)  # fmt: skip
right(
    "espnet DropPath",
    cut("espnet2", "enh/layers/swin_transformer.py", "DropPath")(P),
    "a draw a row",
)
ALLENNLP = "modules/input_variational_dropout.py"
variational = cut("allennlp", ALLENNLP, "InputVariationalDropout")
right("allennlp InputVariationalDropout", variational(P), "one mask for all steps")
right(
    "allennlp InputVariationalDropout in place", variational(P, inplace=True),
    "one mask for all steps, put into the input as asked for; returns None",
)  # fmt: skip
layer_dropout = cut(
    "allennlp", "modules/residual_with_layer_dropout.py", "ResidualWithLayerDropout"
)
depends(
    "allennlp ResidualWithLayerDropout",
    Branch(layer_dropout(P), lambda f, x: f(torch.zeros_like(x), x)),
    "one draw for the whole batch, and evaluation times q: stochastic depth as its paper has it",
)
SUPAR = "modules/dropout.py"
right("supar SharedDropout", cut("supar", SUPAR, "SharedDropout")(P), "one mask for all of axis 1")
depends(
    "supar SharedDropout axis 0", cut("supar", SUPAR, "SharedDropout")(P, batch_first=False),
    "one mask for all of axis 0, which is time if the caller says so",
)  # fmt: skip
wrong(
    "supar IndependentDropout",
    Branch(cut("supar", SUPAR, "IndependentDropout")(P), lambda f, x: f(x, x)[0]),
    "kept ones become 1 or 2, by what the other tensor keeps: the mean is 1 - p^2",
)
FLAIR = "nn/dropout.py"
right("flair LockedDropout", cut("flair", FLAIR, "LockedDropout")(P), "one mask for all steps")
right(
    "flair LockedDropout time first", cut("flair", FLAIR, "LockedDropout")(P, batch_first=False),
    "one mask for all steps, axis 0",
)  # fmt: skip
depends("flair WordDropout", cut("flair", FLAIR, "WordDropout")(P), "whole words, no scale")
for name in ("MCDropout", "MCDropout2d"):
    always = cut("mc_dropout_pytorch", "mc_dropout_pytorch.py", name)
    right(f"mc-dropout-pytorch {name}", always(P), "always on, as its name says")
MMCV = "cnn/bricks/drop.py"
right("mmcv drop_path", cut("mmcv", MMCV, "drop_path"), "floor(q + u), a draw a row, x / q")
right("mmcv DropPath", cut("mmcv", MMCV, "drop_path", "DropPath")(P), "the same")
right("mmcv Dropout", cut("mmcv", MMCV, "Dropout")(P), "nn.Dropout under another argument's name")
right(
    "speechbrain Dropout2d", cut("speechbrain", "nnet/dropout.py", "Dropout2d")(P),
    "nn.Dropout2d between transpositions: whole channels of (batch, time, channel, channel)",
)  # fmt: skip
wrong(
    "tsai FullEmbeddingDropout",
    cut("tsai", "models/TabTransformer.py", "FullEmbeddingDropout")(P),
    "no look at self.training, and the mask has no axis for the batch", f"{ALWAYS} {BATCH}",
)  # fmt: skip
right("tsai DropPath", cut("tsai", "models/layers.py", "DropPath")(P), "floor(q + u), x / q")
wrong(
    "pytorch-widedeep FullEmbeddingDropout",
    cut("pytorch_widedeep", "models/tabular/embeddings_layers.py", "FullEmbeddingDropout")(P),
    "the mask has no axis for the batch", BATCH,
)  # fmt: skip
relaxed = cut("concretedropout", "pytorch.py", "ConcreteDropout", "ConcreteLinearDropout")
wrong(
    "concretedropout ConcreteLinearDropout",
    Branch(relaxed(init_min=P, init_max=P), lambda f, x: f(x, Same())),
    "a relaxed mask, by x *= ...: the caller's tensor changes",
    "writes_into_its_input",
)
relaxed = cut("concretedropout", "pytorch.py", "ConcreteDropout", "ConcreteDropout2D")
wrong(
    "concretedropout ConcreteDropout2D",
    Branch(relaxed(init_min=P, init_max=P), lambda f, x: f(x, Same())),
    "the same, one number a channel", "writes_into_its_input", shape=(16, 16, 4, 4),
)  # fmt: skip
wrong(
    "torchregularize DropBlock2D", cut("torchregularize", "dropblock.py", "DropBlock2D")(3, P),
    "whole squares, and no scale", UNSCALED,
)  # fmt: skip
skipping = cut("torchregularize", "stochastic_depth.py", "StochasticDepth")
wrong(
    "torchregularize StochasticDepth",
    Branch(skipping(1 - P), lambda f, x: f(torch.zeros_like(x), x)),
    "one draw for the whole batch, with a scale in neither mode",
    UNSCALED,
)
wrong(
    "torchregularize ShakeDrop",
    Branch(
        cut("torchregularize", "shakedrop.py", "ShakeDrop")(P),
        lambda f, x: f(torch.zeros_like(x), x),
    ),
    "times alpha + beta of mean a half, with probability p: the mean is .9, and evaluation 1",
)

# On NumPy's arrays
wrong(
    "npdl Dropout",
    cut("npdl", "layers/core.py", "Dropout", Layer=object, get_rng=lambda: np.random)(P),
    "divided by q in training, multiplied by q in evaluation", "scales_at_both_times",
)  # fmt: skip


class Passes:
    """A layer of numpy-ml that does nothing: what its wrapper asks for, and no more."""

    trainable, hyperparameters = True, {}

    def forward(self, X, retain_derived=True):
        return X

    def backward(self, dLdy, retain_grads=True):
        return dLdy


wrong(
    "numpy-ml Dropout",
    cut("numpy_ml", "neural_nets/wrappers/wrappers.py", "WrapperBase", "Dropout", ABC=object)(
        Passes(), P),
    "its backward scales, and does not mask", "backward_without_mask",
)  # fmt: skip
