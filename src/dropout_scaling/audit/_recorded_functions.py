"""Record the calls of dropout, attention and batch norm, and follow what a dropout returns."""

import inspect
import weakref

import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from dropout_scaling._dropouts import ALPHA_FUNCTIONS, FUNCTIONS, OWN_LAYERS
from dropout_scaling.audit._call_site import calling_layer, within

WEIGHTED_FUNCTIONS = {
    F.linear, F.conv1d, F.conv2d, F.conv3d, torch.conv1d, torch.conv2d, torch.conv3d,
}  # fmt: skip
# These return the same values, so a dropout before one also comes before the next operation.
PASSING_FUNCTIONS = {
    torch.Tensor.view, torch.Tensor.reshape, torch.reshape, torch.Tensor.flatten, torch.flatten,
    torch.Tensor.contiguous, torch.Tensor.permute, torch.permute, torch.Tensor.transpose,
    torch.transpose, torch.Tensor.squeeze, torch.squeeze, torch.Tensor.unsqueeze, torch.unsqueeze,
}  # fmt: skip
# They take a rate and whether they train, and drop where nobody can see, on a GPU in one kernel.
RECURRENT = {"lstm": 2, "gru": 2, "rnn_tanh": 2, "rnn_relu": 2}
# A look at a tensor, which is no use of its values.
LOOKING = {
    "__get__", "size", "dim", "numel", "__len__", "__repr__", "stride", "is_floating_point",
    "data_ptr", "is_contiguous",
}  # fmt: skip
ATTENTION = (F.scaled_dot_product_attention, F.multi_head_attention_forward)


class Functions(TorchFunctionMode):
    """``outplace``: whether dropouts that work in place are made to leave their input alone."""

    def __init__(self, record, draws, masks, *, outplace=False):
        super().__init__()
        self.record, self.draws, self.masks = record, draws, masks
        self.outplace = outplace
        self.sources = WeakTensorKeyDictionary()  # a tensor -> the dropout that produced it
        self.weighted = WeakTensorKeyDictionary()  # the tensors that a layer with weights produced
        self.pending = []  # dropouts whose result nothing has used yet

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        x = args[0] if args else kwargs.get("input")
        if function in FUNCTIONS:
            return self._dropout(function, x, args, kwargs)
        if function in ATTENTION:
            return self._attention(function, args, kwargs)
        source = self._source(x)
        if source is not None and _learns_statistics(function, args, kwargs):
            self.record("batch norm", {"source": source})
        self.draws.last = None
        result = function(*args, **kwargs)
        name = getattr(function, "__name__", "")
        if name in RECURRENT:
            self._recurrent(args)
        if self.sources and function not in PASSING_FUNCTIONS:
            self._used(name, args, kwargs, result)
        self.masks.follow(function, args, kwargs, result, self.draws.last)
        if function in PASSING_FUNCTIONS and source is not None:
            self.sources[result] = source
        elif function in WEIGHTED_FUNCTIONS:
            self.weighted[result] = True
        return result

    def entered_layer(self, module, inputs, named, output):
        """A hook that records this package's layers, which call no function of torch's."""
        if isinstance(module, OWN_LAYERS):
            x = inspect.signature(module.forward).bind(*inputs, **named).args[0]
            event = self._note(type(module), x, module.p, module.training, module)
            self._returned(event, x, output)

    def _dropout(self, function, x, args, kwargs):
        given = dict(zip(("input", "p", "training", "inplace"), args, strict=False)) | kwargs
        p = given.get("p", 0.5)
        training = given.get("training", given.get("train", function not in ALPHA_FUNCTIONS))
        inplace = given.get("inplace", function is torch.dropout_)
        if self.outplace and inplace:
            function = torch.dropout if function is torch.dropout_ else function
            args, kwargs = args[:3], {k: v for k, v in kwargs.items() if k != "inplace"}
        event = self._note(function, x, p, training, calling_layer(), inplace)
        self.draws.announced = True
        result = function(*args, **kwargs)
        self.draws.announced = False
        self._returned(event, x, result)
        return result

    def _note(self, function, x, p, active, layer, inplace=False):
        if (source := self._source(x)) is not None:
            self._mark(source)
        return self.record(
            "dropout",
            {
                "function": function,
                "p": p,
                "active": bool(active) and p > 0,
                "sizes": tuple(x.shape),
                "layer": layer,
                "source": source,
                "weighted": x in self.weighted,
                "backward": self.draws.backward,
                "inplace": inplace,
                "behind": type(x.grad_fn).__name__,
                # Where a function of its own kind runs, there is never a gradient.
                "no_grad": not torch.is_grad_enabled() and not within("torch.autograd.function"),
                "used": True,
                "elsewhere": False,  # by what is no dropout
            },
        )

    def _returned(self, event, x, result):
        if not event.detail["active"]:
            return
        self.sources[result] = event
        if result is not x and result.data_ptr() != x.data_ptr() and not event.detail["backward"]:
            event.detail["used"] = False
            self.pending.append((event, weakref.ref(result), result.grad_fn))

    def _used(self, name, args, kwargs, result):
        """Mark the dropouts whose results are among the arguments of a call."""
        if name in LOOKING and not isinstance(result, torch.Tensor):
            return
        for each in tree_leaves((args, kwargs)):
            if isinstance(each, torch.Tensor) and (event := self.sources.get(each)) is not None:
                event.detail["elsewhere"] = True
                self._mark(event)

    def _mark(self, event):
        if not event.detail["used"]:
            event.detail["used"] = True
            self.pending = [waiting for waiting in self.pending if waiting[0] is not event]

    def after_forward(self):
        """Take what is still held for used, and wait with the rest for a gradient."""
        for event, result, node in list(self.pending):
            if result() is not None:  # in the output, or kept by the model
                self._mark(event)
            elif node is not None:  # a function of its own kind is not seen: only its gradient
                node.register_prehook(lambda *_, event=event: self._mark(event))

    def _attention(self, function, args, kwargs):
        given = (
            inspect.signature(function).bind(*args, **kwargs).arguments
            if (function is F.multi_head_attention_forward)
            else dict(zip(("query", "key", "value", "mask", "dropout_p"), args, strict=False))
            | kwargs
        )
        p = given.get("dropout_p", 0.0)
        if p > 0 and given.get("training", True):
            self.record("attention", {"p": p, "cure": "dropout_p=p if self.training else 0.0"})
        self._used("", args, kwargs, None)
        self.draws.announced = True
        result = function(*args, **kwargs)
        self.draws.announced = False
        return result

    def _recurrent(self, args):
        """Record the dropout between the layers of a recurrent network that trains."""
        numbers = [each for each in args if isinstance(each, int | float)]
        _, layers, p, training = numbers[:4]
        if training and p > 0 and layers > 1:
            self.record("attention", {"p": p, "cure": "train=self.training"})

    def _source(self, x):
        return self.sources.get(x) if isinstance(x, torch.Tensor) else None


def _learns_statistics(function, args, kwargs):
    """Whether a call is a batch norm that learns in training what it then uses at evaluation."""
    if function not in (F.batch_norm, torch.batch_norm):
        return False
    order = ("input", "running_mean", "running_var", "weight", "bias", "training")
    if function is torch.batch_norm:
        order = ("input", "weight", "bias", "running_mean", "running_var", "training")
    given = dict(zip(order, args, strict=False)) | kwargs
    return given.get("running_var") is not None and given.get("training", False)


def scripted(model: nn.Module):
    """Return the name of a part whose calls cannot be seen, None if there is none."""
    for name, part in model.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            return name or "(model)"
    return None
