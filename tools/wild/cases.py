"""Small models with one dropout fault each, or none, in the ways that people write them.

The truth is known by construction: each is written to have the fault that its decorator names.
"""

import copy
import random
from collections import UserDict
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

CASES = []


class Case(NamedTuple):
    """``make``: returns a model and its example. ``kinds``: the kinds of finding it must have."""

    name: str
    make: Any
    kinds: tuple


def wrong(*kinds):
    """A case that must get a finding or a note of each kind, and no other fault."""

    def add(make):
        CASES.append(Case(make.__name__.replace("_", " "), make, kinds))
        return make

    return add


right = wrong()


class Net(nn.Module):
    """Two layers, and between them whatever a case does to the hidden units."""

    def __init__(self, between, **parts):
        super().__init__()
        self.first, self.last = nn.Linear(16, 32), nn.Linear(32, 4)
        self.drop = nn.Dropout(0.2)
        for name, part in parts.items():
            setattr(self, name, part)
        self.between = between

    def forward(self, x):
        return self.last(self.between(self, self.first(x).relu()))


def rows():
    return torch.rand(8, 16)


def net(between, **parts):
    """A net whose own dropout is used too, and a batch for it."""
    return Net(lambda m, h: between(m, m.drop(h).cos()), **parts), rows()


# Drops in eval mode.


@wrong("active in eval")
def function_without_training():
    return net(lambda m, h: F.dropout(h, 0.3))


@wrong("active in eval")
def function_with_training_true():
    return net(lambda m, h: F.dropout(h, 0.3, training=True))


@wrong("active in eval")
def layers_in_a_plain_list():
    return net(lambda m, h: m.drops[0](h), drops=[nn.Dropout(0.3)])


@wrong("active in eval")
def layers_in_a_plain_dict():
    return net(lambda m, h: m.drops["a"](h), drops={"a": nn.Dropout(0.3)})


@wrong("active in eval")
def layer_made_at_each_call():
    return net(lambda m, h: nn.Dropout(0.3)(h))


@wrong("active in eval")
def attention_with_a_fixed_rate():
    def attend(m, h):
        h = h[None, None]
        return F.scaled_dot_product_attention(h, h, h, dropout_p=0.3)[0, 0]

    return net(attend)


@wrong("active in eval")
def attention_whose_mode_is_a_plain_attribute():
    def attend(m, h):
        h = h[None, None]
        p = 0.3 if m.is_training else 0.0
        return F.scaled_dot_product_attention(h, h, h, dropout_p=p)[0, 0]

    return net(attend, is_training=True)


@wrong("active in eval")
def recurrent_function_in_train_mode():
    class Recurrent(nn.LSTM):
        def forward(self, x):
            start = torch.zeros(2, x.size(1), 16)
            out, *_ = torch.lstm(
                x, (start, start), self._flat_weights, True, 2, 0.3, True, False, False
            )
            return out

    return nn.Sequential(Recurrent(8, 16, 2), nn.Linear(16, 4)), torch.rand(5, 3, 8)


@wrong("active in eval")
def mode_put_back_by_the_model():
    def between(m, h):
        return m.second.train()(h)

    return net(between, second=nn.Dropout(0.3))


@wrong("active in eval")
def bernoulli_without_a_mode():
    return net(lambda m, h: h * torch.empty_like(h).bernoulli_(0.8) / 0.8)


@wrong("random in eval")
def rand_without_a_mode():
    return net(lambda m, h: h * (torch.rand_like(h) < 0.8) / 0.8)


@wrong("random in eval")
def numpy_mask_without_a_mode():
    def between(m, h):
        kept = np.random.rand(*h.shape) < 0.8  # noqa: NPY002
        return h * torch.tensor(kept) / 0.8

    return net(between)


@wrong("random in eval")
def layer_drop_without_a_mode():
    return net(lambda m, h: h if random.random() < 0.5 else m.more(h), more=nn.Linear(32, 32))


@wrong("random in eval")
def tensor_layer_drop_without_a_mode():
    return net(lambda m, h: h if torch.rand(()) < 0.5 else m.more(h), more=nn.Linear(32, 32))


@wrong("random in eval")
def drop_path_by_hand_without_a_mode():
    def between(m, h):
        kept = torch.floor(0.8 + torch.rand(len(h), 1))
        return h + m.more(h) / 0.8 * kept

    return net(between, more=nn.Linear(32, 32))


@wrong("random in eval")
def own_generator_without_a_mode():
    def between(m, h):
        return h * (torch.rand(h.shape, generator=m.generator) < 0.8) / 0.8

    return net(between, generator=torch.Generator().manual_seed(5))


@wrong("random in eval")
def edges_dropped_without_a_mode():
    def between(m, h):
        rows, columns = torch.ones(8, 8).nonzero().T
        kept = torch.rand(len(rows)) >= 0.3
        return h + torch.zeros_like(h).index_add(0, rows[kept], h[columns[kept]])

    return net(between)


@right
def rand_with_a_mode():
    return net(lambda m, h: h * (torch.rand_like(h) < 0.8) / 0.8 if m.training else h)


@right
def draws_in_eval_that_change_nothing():
    def between(m, h):
        torch.rand(3)
        return h

    return net(between)


@right
def counter_that_changes_the_output():
    def between(m, h):
        m.calls += 1
        return h + m.calls

    return net(between, calls=0)


@right
def normal_noise_in_eval_as_in_a_vae():
    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.mean, self.deviation = nn.Linear(16, 4), nn.Linear(16, 4)
            self.last = nn.Linear(4, 16)

        def forward(self, x):
            z = self.mean(x) + torch.randn(len(x), 4) * self.deviation(x).exp()
            return self.last(z)

    return Encoder(), rows()


@right
def patches_shuffled_in_eval_as_in_an_mae():
    def between(m, h):
        kept = torch.rand(h.size(1)).argsort()[:16]
        return h[:, kept]

    return net(between, last=nn.Linear(16, 4))


@right
def binary_units_sampled_in_eval():
    return net(lambda m, h: torch.bernoulli(h.sigmoid()))


@right
def attention_with_a_mode():
    def attend(m, h):
        h = h[None, None]
        p = 0.3 if m.training else 0.0
        return F.scaled_dot_product_attention(h, h, h, dropout_p=p)[0, 0]

    return net(attend)


@right
def attention_that_reads_the_rate_of_a_layer():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attn_drop, self.out = nn.Dropout(0.1), nn.Linear(16, 16)

        def forward(self, x):
            p = self.attn_drop.p if self.training else 0.0
            return x + self.out(F.scaled_dot_product_attention(x, x, x, dropout_p=p))

    return Attention(), torch.rand(2, 5, 16)


# Drawn masks that are wrong, in training.


@wrong("wrong scale")
def divides_by_p():
    return net(lambda m, h: h * (torch.rand_like(h) < 0.8) / 0.2 if m.training else h)


@wrong("wrong scale")
def multiplies_by_q():
    return net(lambda m, h: h * (torch.rand_like(h) > 0.2).float() * 0.8 if m.training else h)


@wrong("wrong scale")
def bernoulli_divided_by_p():
    def between(m, h):
        if not m.training:
            return h
        mask = torch.empty(h.shape).bernoulli_(0.8)
        return h * mask.div_(0.2)

    return net(between)


@wrong("wrong scale")
def scales_at_both_times():
    def between(m, h):
        if not m.training:
            return h * 0.8
        return torch.where(torch.rand_like(h) < 0.8, h / 0.8, 0.0)

    return net(between)


@wrong("unscaled mask")
def never_scaled():
    return net(lambda m, h: h * (torch.rand_like(h) < 0.8) if m.training else h)


@wrong("unscaled mask")
def bernoulli_never_scaled():
    def between(m, h):
        return h * torch.bernoulli(torch.full_like(h, 0.8)) if m.training else h

    return net(between)


@wrong("unscaled mask")
def filled_and_never_scaled():
    def between(m, h):
        return h.masked_fill(torch.rand(h.shape) < 0.2, 0.0) if m.training else h

    return net(between)


@wrong("unscaled mask")
def drop_path_never_scaled():
    def between(m, h):
        if not m.training:
            return h + m.more(h)
        return h + m.more(h) * (torch.rand(len(h), 1) < 0.8).float()

    return net(between, more=nn.Linear(32, 32))


@wrong("shared mask")
def one_mask_for_the_batch():
    return net(lambda m, h: h * (torch.rand(h.shape[1:]) < 0.8) / 0.8 if m.training else h)


@wrong("shared mask")
def one_mask_for_the_batch_by_bernoulli():
    def between(m, h):
        mask = torch.empty(1, h.size(1)).bernoulli_(0.8).div_(0.8)
        return h * mask.expand_as(h) if m.training else h

    return net(between)


@wrong("fixed seed")
def seeded_at_each_call():
    def between(m, h):
        if not m.training:
            return h
        torch.manual_seed(0)
        return h * (torch.rand_like(h) < 0.8) / 0.8

    return net(between)


@wrong("fixed seed")
def generator_made_at_each_call():
    def between(m, h):
        if not m.training:
            return h
        generator = torch.Generator().manual_seed(0)
        return h * torch.empty(h.shape).bernoulli_(0.8, generator=generator) / 0.8

    return net(between)


@wrong("fixed seed")
def seeded_before_a_layer():
    def between(m, h):
        torch.manual_seed(0)
        return m.second(h)

    return net(between, second=nn.Dropout(0.3))


@right
def seed_of_a_generator_that_moves_on():
    def between(m, h):
        kept = torch.rand(h.shape, generator=m.generator) < 0.8
        return h * kept / 0.8 if m.training else h

    return net(between, generator=torch.Generator().manual_seed(5))


@right
def papers_dropout_by_hand():
    def between(m, h):
        return h * (torch.rand_like(h) < 0.8) if m.training else h * 0.8

    return net(between)


@right
def stochastic_depth_as_first_published():
    def between(m, h):
        if m.training:
            return h + m.more(h) * (torch.rand(len(h), 1) < 0.8)
        return h + m.more(h) * 0.8

    return net(between, more=nn.Linear(32, 32))


@right
def drop_path_by_hand():
    def between(m, h):
        if not m.training:
            return h + m.more(h)
        kept = (0.8 + torch.rand(len(h), 1)).floor_()
        return h + m.more(h).div(0.8) * kept

    return net(between, more=nn.Linear(32, 32))


@right
def drop_path_by_bernoulli():
    def between(m, h):
        if not m.training:
            return h
        kept = h.new_empty((len(h), 1)).bernoulli_(0.8)
        kept.div_(0.8)
        return h + m.more(h) * kept

    return net(between, more=nn.Linear(32, 32))


@right
def product_by_hand():
    def between(m, h):
        if not m.training:
            return h
        mask = torch.bernoulli(torch.ones_like(h) * (1 - 0.3))
        return (h * mask) * (1.0 / (1 - 0.3))

    return net(between)


@right
def where_by_hand():
    def between(m, h):
        return torch.where(torch.rand_like(h) > 0.3, h, 0) / 0.7 if m.training else h

    return net(between)


@right
def boolean_index_by_hand():
    def between(m, h):
        if not m.training:
            return h
        h = h.clone()
        h[torch.rand_like(h) < 0.3] = 0
        return h / 0.7

    return net(between)


@right
def scaled_before_it_is_masked():
    def between(m, h):
        return (h / 0.7).masked_fill(torch.rand(h.shape) < 0.3, 0) if m.training else h

    return net(between)


@right
def whole_block_dropped_for_the_batch():
    def between(m, h):
        if m.training:
            return h + m.more(h) * (torch.rand(()) < 0.8) / 0.8
        return h + m.more(h)

    return net(between, more=nn.Linear(32, 32))


@right
def one_mask_over_time():
    class Locked(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.lstm = nn.Embedding(20, 16), nn.LSTM(16, 16)
            self.last = nn.Linear(16, 20)

        def forward(self, tokens):
            x = self.embed(tokens)  # (time, batch, features)
            if self.training:
                x = x * x.new_empty(1, *x.shape[1:]).bernoulli_(0.7) / 0.7
            return self.last(self.lstm(x)[0])

    return Locked(), torch.randint(20, (9, 3))


@right
def words_dropped_from_the_embedding():
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.last = nn.Embedding(20, 16), nn.Linear(16, 20)

        def forward(self, tokens):
            weight = self.embed.weight
            if self.training:
                kept = weight.new_empty(len(weight), 1).bernoulli_(0.9)
                weight = weight * kept.expand_as(weight) / 0.9
            return self.last(F.embedding(tokens, weight))

    return Words(), torch.randint(20, (3, 9))


@right
def tokens_masked_as_in_bert():
    class Masks(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.last = nn.Embedding(20, 16), nn.Linear(16, 20)

        def forward(self, tokens):
            if self.training:
                tokens = tokens.masked_fill(torch.rand(tokens.shape) < 0.15, 0)
            return self.last(self.embed(tokens))

    return Masks(), torch.randint(20, (3, 9))


@right
def input_masked_as_an_augmentation():
    class Augments(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = nn.Linear(16, 4)

        def forward(self, x):
            if self.training:
                x = x * (torch.rand_like(x) > 0.1)
            return self.last(x)

    return Augments(), rows()


@right
def zoneout():
    class Zoneout(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.last = nn.GRUCell(16, 8), nn.Linear(8, 4)

        def forward(self, x):
            h = torch.zeros(len(x), 8)
            for _ in range(2):
                new = self.cell(x, h)
                old = torch.bernoulli(torch.full_like(h, 0.1)) if self.training else 0.1
                h = old * h + (1 - old) * new
            return self.last(h)

    return Zoneout(), rows()


@right
def places_filled_with_a_learned_token():
    def between(m, h):
        if not m.training:
            return h
        masked = (torch.rand(h.shape) < 0.3).float()
        return h * (1 - masked) + m.token * masked

    return net(between, token=nn.Parameter(torch.zeros(32)))


@right
def hidden_units_mixed_between_examples():
    def between(m, h):
        if not m.training:
            return h
        own = torch.rand_like(h) < 0.9
        return h * own + h.flip(0) * ~own

    return net(between)


@right
def condition_left_out_for_guidance():
    class Guided(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.label = nn.Linear(16, 32), nn.Embedding(5, 32)
            self.last = nn.Linear(32, 16)

        def forward(self, x, label):
            condition = self.label(label)
            if self.training:
                condition = condition * (torch.rand(len(x), 1) >= 0.1)
            return self.last((self.first(x) + condition).relu())

    return Guided(), (rows(), torch.randint(5, (8,)))


@right
def labels_left_out_for_guidance():
    class Guided(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.label = nn.Linear(16, 32), nn.Embedding(6, 32)
            self.last = nn.Linear(32, 16)

        def forward(self, x, label):
            if self.training:
                label = torch.where(torch.rand(len(x)) < 0.1, 5, label)
            return self.last((self.first(x) + self.label(label)).relu())

    return Guided(), (rows(), torch.randint(5, (8,)))


@right
def several_samples_of_dropout():
    class Samples(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(16, 32), nn.Linear(32, 4)
            self.drops = nn.ModuleList(nn.Dropout(0.5) for _ in range(5))

        def forward(self, x):
            h = self.first(x).relu()
            return torch.stack([self.last(drop(h)) for drop in self.drops]).mean(0)

    return Samples(), rows()


@right
def weights_of_a_recurrent_layer_dropped():
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.last = nn.LSTM(16, 8), nn.Linear(8, 4)

        def forward(self, x):
            raw = self.lstm.weight_hh_l0
            dropped = F.dropout(raw, 0.5, self.training)
            names = dict(self.lstm.named_parameters()) | {"weight_hh_l0": dropped}
            out, _ = torch.func.functional_call(self.lstm, names, (x,))
            return self.last(out)

    return Reader(), rows()


@wrong("differs after eval")
def weights_of_a_recurrent_layer_kept_from_eval():
    class Reader(nn.Module):
        """Makes the dropped weights once in each mode, and never again."""

        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(16, 8), nn.Linear(8, 4)
            self.rate = 0.5

        def forward(self, x):
            if not self.training:
                self.rate = 0.0
            return self.last(F.dropout(self.first(x).relu(), self.rate, self.training))

    return Reader(), rows()


@wrong("random in eval")
def layer_drop_by_a_number_without_a_mode():
    def between(m, h):
        return h if torch.rand(1).item() < 0.5 else m.more(h)

    return net(between, more=nn.Linear(32, 32))


@right
def drop_block():
    def between(m, h):
        if not m.training:
            return h
        holes = torch.bernoulli(torch.full((len(h), 1, h.size(1)), 0.05))
        kept = 1 - F.max_pool1d(holes, 3, 1, 1)[:, 0]
        return h * kept * kept.numel() / kept.sum()

    return net(between)


@right
def gaussian_dropout():
    def between(m, h):
        return h * (1 + 0.5 * torch.randn_like(h)) if m.training else h

    return net(between)


@right
def drop_connect():
    class Connect(nn.Linear):
        def forward(self, x):
            weight = self.weight
            if self.training:
                weight = weight * (torch.rand_like(weight) < 0.8) / 0.8
            return F.linear(x, weight, self.bias)

    return net(lambda m, h: m.more(h).relu(), more=Connect(32, 32))


# The model after the run.


@wrong("differs after eval")
def rate_lost_in_eval():
    class Drop(nn.Module):
        def __init__(self):
            super().__init__()
            self.p = 0.2

        def train(self, mode=True):
            if not mode:
                self.p = 0.0
            return super().train(mode)

        def forward(self, x):
            return F.dropout(x, self.p, self.training)

    return net(lambda m, h: m.second(h), second=Drop())


@wrong("differs after eval")
def weights_merged_at_each_eval():
    class Merges(nn.Linear):
        def __init__(self):
            super().__init__(32, 32)
            self.more = nn.Parameter(torch.rand(32, 32))

        def train(self, mode=True):
            if not mode:
                self.weight.data += self.more.data
            return super().train(mode)

    return net(lambda m, h: m.second(h).relu(), second=Merges())


@wrong("weights overwritten")
def weights_zeroed_for_good():
    class Zeroes(nn.Linear):
        def forward(self, x):
            if self.training:
                self.weight.data = F.dropout(self.weight.data, 0.5)
            return super().forward(x)

    return net(lambda m, h: m.second(h).relu(), second=Zeroes(32, 32))


@wrong("differs after eval")
def cannot_train_again():
    def between(m, h):
        if not m.training:
            m.state = None
            return h
        return h + m.state

    return net(between, state=0.0)


@right
def weights_merged_and_taken_apart():
    class Merges(nn.Linear):
        def __init__(self):
            super().__init__(32, 32)
            self.more, self.merged = nn.Parameter(torch.rand(32, 32)), False

        def train(self, mode=True):
            super().train(mode)
            if mode == self.merged:
                self.weight.data += -self.more.data if mode else self.more.data
                self.merged = not mode
            return self

        def forward(self, x):
            return F.linear(x, self.weight + (0 if self.merged else self.more), self.bias)

    return net(lambda m, h: m.second(h).relu(), second=Merges())


@right
def cache_that_fills():
    def between(m, h):
        m.cache.setdefault(len(h), torch.ones(len(h), 1))
        m.seen.append(len(h))
        return h * m.cache[len(h)]

    return net(between, cache={}, seen=[])


@right
def embedding_with_a_largest_norm():
    model = nn.Sequential(nn.Embedding(20, 16, max_norm=0.5), nn.Dropout(0.2), nn.Linear(16, 4))
    return model, torch.randint(20, (3, 9))


@right
def spectral_norm():
    norm = nn.utils.parametrizations.spectral_norm
    return net(lambda m, h: m.second(h), second=norm(nn.Linear(32, 32)))


@right
def parameters_that_move_by_themselves():
    def between(m, h):
        if m.training:
            m.teacher.weight.data.lerp_(m.second.weight.data, 0.1)
        return m.second(h) + m.teacher(h)

    teacher = nn.Linear(32, 32).requires_grad_(False)
    return net(between, second=nn.Linear(32, 32), teacher=teacher)


@right
def keys_that_come_and_go():
    class Rekeys(nn.Linear):
        def forward(self, x):
            weight = self._parameters.pop("weight")
            self.weight = F.dropout(weight, 0.3, self.training)
            out = super().forward(x)
            del self.weight
            self.register_parameter("weight", weight)
            return out

    return net(lambda m, h: m.second(h), second=Rekeys(32, 32))


# Layers, rates and modes.


@wrong("p is 1")
def all_is_dropped():
    return net(lambda m, h: m.second(h), second=nn.Dropout(1.0))


@wrong("single-layer dropout")
def recurrent_layer_alone():
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru, self.last = nn.GRU(16, 8, dropout=0.3), nn.Linear(8, 4)

        def forward(self, x):
            return self.last(self.gru(x)[0])

    return Reader(), rows()


@wrong("mixed modes")
def dropout_left_in_eval():
    model, x = net(lambda m, h: h)
    model.drop.eval()
    return model, x


@wrong("mixed modes")
def half_of_the_model_left_in_eval():
    model, x = net(lambda m, h: m.second(h), second=nn.Sequential(nn.Linear(32, 32), nn.Dropout()))
    model.second.eval()
    return model, x


@wrong("p is 0")
def one_layer_of_three_has_no_rate():
    rates = [0.2, 0.0, 0.2]
    blocks = [nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Dropout(p)) for p in rates]
    return nn.Sequential(*blocks, nn.Linear(16, 4)), rows()


@wrong("nothing drops")
def rate_that_is_never_used():
    class Forgets(nn.Module):
        def __init__(self, dropout=0.3):
            super().__init__()
            self.dropout = dropout
            self.first, self.last = nn.Linear(16, 32), nn.Linear(32, 4)

        def forward(self, x):
            return self.last(self.first(x).relu())

    return Forgets(), rows()


@wrong("nothing drops")
def rate_in_a_config_that_is_never_used():
    class Forgets(nn.Module):
        def __init__(self, config):
            super().__init__()
            self.config = config
            self.last = nn.Linear(16, 4)

        def forward(self, x):
            return self.last(x)

    return Forgets(SimpleNamespace(hidden_dropout_prob=0.1, size=3)), rows()


@wrong("never called")
def layer_that_is_never_called():
    return net(lambda m, h: h, forgotten=nn.Dropout(0.5))


@wrong("result unused")
def layer_whose_result_is_dropped():
    def between(m, h):
        m.second(h)
        return h

    return net(between, second=nn.Dropout(0.5))


@wrong("result unused")
def function_whose_result_is_dropped():
    def between(m, h):
        F.dropout(h, 0.3, m.training)
        return h

    return net(between)


@wrong("result unused")
def name_that_is_overwritten():
    def between(m, h):
        y = m.second(h)
        y = m.more(h)
        return y.relu()

    return net(between, second=nn.Dropout(0.5), more=nn.Linear(32, 32))


@wrong("in-place dropout")
def in_place_behind_a_sigmoid():
    return net(lambda m, h: m.second(h.sigmoid()), second=nn.Dropout(0.3, inplace=True))


@wrong("drops under no_grad")
def teacher_that_drops():
    def between(m, h):
        with torch.no_grad():
            target = m.teacher(h)
        return m.student(h) + target

    teacher = nn.Sequential(nn.Linear(32, 32), nn.Dropout(0.3), nn.Linear(32, 32))
    teacher.requires_grad_(False)
    return net(between, student=nn.Linear(32, 32), teacher=teacher)


@wrong("wrong dimension")
def channels_of_three_axes():
    def between(m, h):
        return m.second(h.view(8, 4, 8)).flatten(1)

    return net(between, second=nn.Dropout2d(0.3))


@wrong("wrong dimension")
def channels_of_two_axes():
    return net(lambda m, h: m.second(h), second=nn.Dropout1d(0.3))


@wrong("double dropout")
def dropout_behind_dropout():
    return net(lambda m, h: m.second(m.drop(h)), second=nn.Dropout(0.3))


@right
def adapter_that_drops_beside_the_layer():
    def between(m, h):
        h = m.drop(h)
        return m.body(h) + m.up(m.down(m.second(h)))

    parts = {"body": nn.Linear(32, 32), "down": nn.Linear(32, 2), "up": nn.Linear(2, 32)}
    return net(between, second=nn.Dropout(0.1), **parts)


@wrong("dropout before batch norm")
def dropout_in_front_of_batch_norm():
    return net(lambda m, h: m.norm(m.drop(h)), norm=nn.BatchNorm1d(32))


@wrong("dropout on the output")
def logits_that_are_dropped():
    return nn.Sequential(nn.Linear(16, 4), nn.Dropout(0.3)), rows()


@right
def nothing_at_all():
    return nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4)), rows()


@right
def in_place_where_it_may_be():
    return net(lambda m, h: m.second(h * 2), second=nn.Dropout(0.3, inplace=True))


@right
def in_place_without_a_name():
    def between(m, h):
        h = h * 2
        F.dropout(h, 0.3, m.training, inplace=True)
        return h

    return net(between)


@right
def block_of_a_transformer():
    block = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16), nn.Dropout(0.1))
    return block, torch.rand(2, 5, 16)


@right
def rate_of_zero_where_paths_drop():
    class Path(nn.Module):
        def __init__(self, drop_prob):
            super().__init__()
            self.drop_prob = drop_prob

        def forward(self, x):
            if not self.training or not self.drop_prob:
                return x
            kept = 1 - self.drop_prob
            return x * x.new_empty(len(x), 1).bernoulli_(kept) / kept

    def between(m, h):
        return m.head(h + m.path(h.sin()) + m.none(h.cos()))

    return net(between, path=Path(0.2), none=Path(0.0), head=nn.Dropout(0.0))


@right
def rate_of_zero_alone():
    return nn.Sequential(nn.Linear(16, 8), nn.Dropout(0.0), nn.Linear(8, 4)), rows()


@right
def frozen_part_kept_in_eval_by_its_train():
    class Frozen(Net):
        def train(self, mode=True):
            super().train(mode)
            self.body.eval()
            return self

    body = nn.Sequential(nn.Linear(32, 32), nn.Dropout(0.3))
    return Frozen(lambda m, h: m.drop(m.body(h)), body=body).train(), rows()


@right
def frozen_part_put_into_eval():
    body = nn.Sequential(nn.Linear(32, 32), nn.Dropout(0.3), nn.BatchNorm1d(32))
    model, x = net(lambda m, h: m.body(h), body=body)
    model.body.requires_grad_(False).eval()
    return model, x


@right
def batch_norm_without_running_statistics():
    norm = nn.BatchNorm1d(32, track_running_stats=False)
    return net(lambda m, h: m.norm(m.drop(h)), norm=norm)


@right
def frozen_batch_norm():
    model, x = net(lambda m, h: m.norm(m.drop(h)), norm=nn.BatchNorm1d(32))
    model.norm.eval()
    return model, x


@right
def branch_that_is_not_taken():
    def between(m, h):
        return m.second(h) if len(h) > 100 else h

    return net(between, second=nn.Dropout(0.3))


@right
def rate_read_from_a_layer():
    def between(m, h):
        return F.dropout(h, m.second.p, m.second.training)

    return net(between, second=nn.Dropout(0.3))


@right
def checkpointed():
    def between(m, h):
        return checkpoint(lambda h: m.second(h).sin(), h, use_reentrant=False)

    return net(between, second=nn.Dropout(0.3))


@right
def checkpointed_reentrant():
    def between(m, h):
        return checkpoint(lambda h: m.second(h).sin(), h, use_reentrant=True)

    return net(between, second=nn.Dropout(0.3))


@wrong("redrawn mask")
def checkpoint_without_the_random_state():
    def between(m, h):
        kept = {"use_reentrant": False, "preserve_rng_state": False}
        return checkpoint(lambda h: m.second(h).sin(), h, **kept)

    return net(between, second=nn.Dropout(0.3))


class Again(torch.autograd.Function):
    """Keeps the input alone, and computes again in the backward pass."""

    @staticmethod
    def forward(ctx, function, state, x):
        ctx.function, ctx.state = function, state
        ctx.save_for_backward(x)
        return function(x)

    @staticmethod
    def backward(ctx, gradient):
        x = ctx.saved_tensors[0].detach().requires_grad_()
        with torch.random.fork_rng([]), torch.enable_grad():
            if ctx.state is not None:
                torch.set_rng_state(ctx.state)
            ctx.function(x).backward(gradient)
        return None, None, x.grad


@wrong("redrawn mask")
def recomputed_by_hand():
    def between(m, h):
        return Again.apply(lambda h: F.dropout(h, 0.3, m.training).sin(), None, h)

    return net(between)


@right
def recomputed_by_hand_from_the_state():
    def between(m, h):
        state = torch.get_rng_state()
        return Again.apply(lambda h: F.dropout(h, 0.3, m.training).sin(), state, h)

    return net(between)


# Inputs and outputs.


@right
def tokens_in_a_mapping():
    class Batch(UserDict):
        pass

    class Reads(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.drop, self.last = nn.Embedding(9, 8), nn.Dropout(), nn.Linear(8, 4)

        def forward(self, ids, mask=None):
            return self.last(self.drop(self.embed(ids)))

    return Reads(), Batch(ids=torch.randint(9, (2, 5)), mask=torch.ones(2, 5))


@right
def graph_that_the_model_writes_into():
    class Graph:
        def __init__(self):
            self.x = torch.rand(8, 16)

    class Writes(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop, self.last = nn.Dropout(0.2), nn.Linear(16, 4)

        def forward(self, graph):
            graph.x = self.drop(graph.x)
            return self.last(graph.x)

    return Writes(), Graph()


@right
def half_precision():
    model, x = net(lambda m, h: h)
    return model.to(torch.bfloat16), x.to(torch.bfloat16)


@right
def complex_output():
    model, x = net(lambda m, h: h)
    return nn.Sequential(model, Apply(lambda y: y * torch.exp(1j * y))), x


class Apply(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@right
def model_on_meta():
    model, x = net(lambda m, h: h)
    return copy.deepcopy(model).to("meta"), x.to("meta")


@right
def one_layer_called_twice():
    shared = nn.Dropout(0.2)
    return net(lambda m, h: m.other(m.last_norm(m.second(h))), second=shared, other=shared,
               last_norm=nn.LayerNorm(32))  # fmt: skip
